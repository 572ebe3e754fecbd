import { abortOnSignals, openLedger, reportFailure, reportReady } from "@belay/supervise";

import type { LiveConfig } from "../config/live-config.ts";
import { sessionLogger } from "../roles/session-logger.ts";
import { workingPath } from "../session/working-path.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { runAgent } from "./run-agent.ts";
import { settingsText, watchSettings } from "./watch-settings.ts";

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
    const settings = watchSettings(config.current());
    const unwanted = config.current().int("agent-timeout");
    await runAgent({
      ...{ source, ledger, isWanted, signal: signals.signal, onReady: reportReady },
      ...{ ...settings, settings: settingsText(settings) },
      ...(unwanted > 0 ? { unwantedMs: unwanted * 1000 } : {}),
      directory: workingPath(config.current().text("working-dir"), localPath),
      logger: sessionLogger({ ...log, label: `agent ${localPath}`, config: config.current() }),
    });
    return 0;
  } catch (error) {
    reportFailure(error);
    throw error;
  }
}

const log = { file: "log-file", level: "log-level", debug: false } as const;
