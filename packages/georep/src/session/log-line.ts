import { appendFileSync } from "node:fs";
import { dirname } from "node:path";
import { utcTime } from "../status/shown-status.ts";
import { makeDirectory } from "../tree/make-directory.ts";

/** Severity as gsyncd's logs show it. */
export type LogLetter = "D" | "I" | "W" | "E";

/** One message of a session's log. */
export interface LogLine {
  readonly letter: LogLetter;
  /** Module the message is about. */
  readonly module: string;
  /** Role and what it works for: `monitor`, `worker /brick`, `secondary node/brick`, or a sub-command. */
  readonly label: string;
  readonly text: string;
  readonly facts?: Readonly<Record<string, string | number>>;
}

/** `[YYYY-MM-DD HH:MM:SS.µs] L [module(label):0:main] <top>: text [{k=v}, {k=v}]` and a newline. UTC; microseconds are not padded. */
export function formatLogLine({ letter, module, label, text, facts = {} }: LogLine, now = Date.now()): string {
  const seconds = Math.floor(now / 1000);
  const micros = Math.floor((now - seconds * 1000) * 1000);
  const pairs = Object.entries(facts).map(([key, value]) => `{${key}=${value}}`);
  const tail = pairs.length === 0 ? "" : ` [${pairs.join(", ")}]`;
  return `[${utcTime(seconds)}.${micros}] ${letter} [${module}(${label}):0:main] <top>: ${text}${tail}\n`;
}

/** Adds a line to a session's log; what a command has to do does not depend on whether its log can be written. */
export function appendLogLine(path: string, line: LogLine): void {
  try {
    makeDirectory(dirname(path));
    appendFileSync(path, formatLogLine(line));
  } catch {
    // no log, no harm
  }
}
