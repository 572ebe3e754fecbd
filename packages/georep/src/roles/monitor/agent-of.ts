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
  /** Finds it or starts it. @throws what keeps it from starting */
  ensure(signal: AbortSignal): Promise<void>;
  /** Ends it with the session, unless `keep-journal` is set. */
  end(logger: Logger): Promise<void>;
}

export function agentOf(request: MonitorRequest, source: Source): AgentOf {
  const config = request.config.current();
  const directory = workingFolder(config, source);
  return {
    ensure: async (signal) => {
      requireSource(source.path);
      const settings = settingsText(watchSettings(request.config.current()));
      await ensureAgent({ directory, argv: ownCommand(request.agentArguments(source.path)), signal, settings });
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
