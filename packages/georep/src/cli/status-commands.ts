import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { BelayError } from "@belay/supervise";
import { writeMonitorStatus } from "../status/monitor-status.ts";
import { usageError } from "./argument-parser.ts";
import { commands } from "./commands.ts";
import { printBrickStatus } from "./print-status.ts";
import { configOf, log, type Invocation } from "./session-request.ts";

/** `status P S --local-path BRICK [--json]` */
export function status(invocation: Invocation): number {
  const { args, terminal } = invocation;
  const brick = args.text("local-path");
  if (brick === undefined) {
    const spec = commands.find(({ name }) => name === "status");
    if (spec !== undefined) throw usageError(spec, "the following arguments are required: --local-path");
    return 2;
  }
  const { config } = configOf(invocation);
  const state = config.text("state-file");
  requireSession(dirname(state));
  printBrickStatus(terminal, {
    state,
    pidFile: config.text("pid-file"),
    brick,
    checkpoint: config.int("checkpoint"),
    json: args.flag("json"),
  });
  return 0;
}

function requireSession(folder: string): void {
  if (existsSync(folder)) return;
  throw new BelayError("ENOENT", `there is no such session: ${folder} is missing`, {
    hint: "names are those it was created with",
  });
}

/** `monitor-status P S TEXT`: glusterd's way to say what state a session is in. */
export async function monitorStatus(invocation: Invocation): Promise<number> {
  const text = invocation.args.positionals[2] ?? "";
  const { config } = configOf(invocation);
  await writeMonitorStatus(config.text("state-file"), text);
  log(invocation, config, "I", "Monitor Status Change", { status: text });
  return 0;
}
