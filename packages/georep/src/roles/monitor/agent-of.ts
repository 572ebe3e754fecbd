import { statSync } from "node:fs";

import { BelayError, ownCommand, toError, type Logger } from "@belay/supervise";

import { ensureAgent } from "../../agent/ensure-agent.ts";
import { settingsText, watchSettings } from "../../agent/watch-settings.ts";
import type { MonitorRequest } from "../../cli/roles.ts";
import { endAgent } from "../../feed/agent-feed.ts";
import { workingFolder, type Source } from "../source-of.ts";

/** Time for an agent to end, below the second that glusterd waits; it goes on ending without us. In milliseconds. */
const endMs = 600;

/** The agent of a source, as its monitor sees it. */
export interface AgentOf {
  /**
   * Begins to find it or to start it: `ensured` settles when it is there, or with what keeps it from starting. Where it could not be started the last
   * time, and as long as the source is gone, that is thrown: no worker is to be started for nothing.
   */
  begin(signal: AbortSignal): Promise<{ readonly ensured: Promise<void> }>;
  /** Ends it with the session, unless `keep-journal` is set. */
  end(logger: Logger): Promise<void>;
}

export function agentOf(request: MonitorRequest, source: Source): AgentOf {
  const config = request.config.current();
  const directory = workingFolder(config, source);
  let hasFailed = false;
  const ensure = async (signal: AbortSignal) => {
    const settings = settingsText(watchSettings(request.config.current()));
    await ensureAgent({ directory, argv: ownCommand(request.agentArguments(source.path)), signal, settings });
  };
  return {
    begin: async (signal) => {
      requireSource(source.path);
      const ensured = ensure(signal);
      const isAlone = hasFailed;
      void ensured.then(
        () => (hasFailed = false),
        () => (hasFailed = true),
      );
      if (isAlone) await ensured;
      return { ensured };
    },
    end: async (logger) => {
      if (request.config.current().flag("keep-journal")) return;
      await endAgent(directory, AbortSignal.timeout(endMs)).catch((error: unknown) =>
        logger.warn(toError(error).message),
      );
    },
  };
}

// An agent would say the same to nobody.
function requireSource(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new BelayError("ESOURCE", `the source ${path} is gone`, { hint: "mount it again or put it back", path });
}
