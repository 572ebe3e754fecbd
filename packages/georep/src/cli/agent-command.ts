import { realpathSync } from "node:fs";

import { BelayError } from "@belay/supervise";

import { openLiveConfig } from "../config/live-config.ts";
import { sessionOf, type Invocation } from "./session-request.ts";

/** `agent P S --local-path SRC` */
export async function agent(invocation: Invocation): Promise<number> {
  const { args, places, terminal } = invocation;
  const { session, file } = sessionOf(invocation);
  const source = args.text("local-path");
  if (source === undefined) throw new BelayError("EUSAGE", "agent: --local-path is missing");
  const request = { places, session, file, facts: { local_path: source } };
  const config = openLiveConfig(request, (problem) => terminal.err(`gsyncd: ${problem}\n`));
  const { agentRole } = await import("../agent/agent-role.ts");
  return agentRole({ source: realpathSync(source), localPath: source, config });
}
