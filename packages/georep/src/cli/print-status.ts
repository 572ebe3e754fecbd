import { brickStatusPath, readBrickStatus } from "../status/brick-status.ts";
import { readMonitorStatus } from "../status/monitor-status.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { showStatus, statusLines, type ShownStatus } from "../status/shown-status.ts";
import type { Terminal } from "./output.ts";
import { formatJson } from "./python-json.ts";

/** Whose status is to be read. */
export interface StatusQuestion {
  /** Path of `monitor.status`. */
  readonly state: string;
  readonly pidFile: string | undefined;
  readonly brick: string;
  /** Seconds since 1970; 0: none. */
  readonly checkpoint: number;
}

/** Reads the status of a brick's worker. What is wrong with the files is told on stderr and does not stop anything. */
export function readStatus(question: StatusQuestion, onProblem: (problem: string) => void): ShownStatus {
  const { state, pidFile, brick, checkpoint } = question;
  return showStatus({
    monitor: readMonitorStatus(state),
    monitorAlive: () => pidFile !== undefined && isPidFileHeld(pidFile),
    brick: readBrickStatus(brickStatusPath(state, brick), onProblem),
    checkpoint,
  });
}

/** Prints it, as `key: value` lines or one JSON object of texts. */
export function printBrickStatus(terminal: Terminal, question: StatusQuestion & { readonly json: boolean }): void {
  const shown = readStatus(question, (problem) => terminal.err(`gsyncd: ${problem}\n`));
  terminal.out(question.json ? `${formatJson(Object.fromEntries(shown))}\n` : statusLines(shown));
}
