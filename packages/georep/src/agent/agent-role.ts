import { abortOnSignals, openLedger, reportFailure, reportReady } from "@belay/supervise";

import type { Config } from "../config/config.ts";
import type { LiveConfig } from "../config/live-config.ts";
import { sessionLogger } from "../roles/session-logger.ts";
import { workingPath } from "../session/working-path.ts";
import { sourceKinds } from "../sources/change-source.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { runAgent, type AgentOptions } from "./run-agent.ts";

/** `gsyncd agent`: one for each source; stays in the foreground, whoever wants it in a session of its own starts it so. */
export interface AgentRequest {
  /** Directory that is watched. */
  readonly source: string;
  /** The source as the session names it. */
  readonly localPath: string;
  readonly config: LiveConfig;
}

/**
 * Watches a source until it is told to end. It logs where the session does.
 *
 * @returns the exit code; 0 when it was told to end, or nobody wants it any more
 */
export async function agentRole({ source, localPath, config }: AgentRequest): Promise<number> {
  using signals = abortOnSignals(["SIGINT", "SIGTERM"]);
  // A terminal that goes away is no reason: sessions outlive it.
  process.on("SIGHUP", () => undefined);
  await using ledger = await openLedger();
  const isWanted = () => config.current().flag("keep-journal") || isPidFileHeld(config.current().text("pid-file"));
  try {
    await runAgent({
      ...{ source, ledger, isWanted, signal: signals.signal, onReady: reportReady },
      ...configured(config.current(), localPath),
      logger: sessionLogger({ ...log, label: `agent ${localPath}`, config: config.current() }),
    });
    return 0;
  } catch (error) {
    reportFailure(error);
    throw error;
  }
}

const log = { file: "log-file", level: "log-level", debug: false } as const;

const megabyte = 1024 ** 2;

function configured(
  config: Config,
  localPath: string,
): Pick<AgentOptions, "directory" | "kind" | "scanEveryMs" | "sizes"> {
  const [limit, interval] = [config.int("journal-limit"), config.int("scan-interval")];
  return {
    directory: workingPath(config.text("working-dir"), localPath),
    kind: sourceKinds.find((kind) => kind === config.text("change-source")),
    ...(interval > 0 ? { scanEveryMs: interval * 1000 } : {}),
    ...(limit > 0 ? { sizes: { most: limit * megabyte } } : {}),
  };
}
