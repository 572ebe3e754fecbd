import { BelayError } from "@belay/supervise";
import { deleteOldOption, setOldOption } from "../../config/old/old-config.ts";
import { appendLogLine } from "../../session/log-line.ts";
import { writeMonitorStatus } from "../../status/monitor-status.ts";
import type { Terminal } from "../output.ts";
import { printResourceUrls } from "../print-urls.ts";
import { printBrickStatus } from "../print-status.ts";
import { checkNetwork } from "../restricted/allow-network.ts";
import type { Roles } from "../roles.ts";
import { deleteLegacySession } from "./legacy-delete.ts";
import { connectable, createContext, fileValues, valuesOf, type LegacyContext } from "./legacy-context.ts";
import { legacyTunables } from "./legacy-options.ts";
import { legacyUsage, parseLegacy, type LegacyCall, type LegacyConfigCall } from "./parse-legacy.ts";
import { checkRestrictedLegacy } from "./restrict-legacy.ts";
import { runLegacyRole } from "./legacy-roles.ts";

/**
 * gsyncd as it was called in 2014: `gsyncd [options] <master> <slave>`.
 *
 * What a call is to do is decided in the old order: url printing, configuration, delete, networks, log level, create, status, roles.
 *
 * @returns the exit code
 * @throws BelayError what went wrong, shown as `failure: …`
 */
export async function legacyMain(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
  roles: Roles | undefined,
): Promise<number> {
  const call = parseLegacy(argv);
  if (call === undefined) {
    terminal.out(legacyUsage);
    return 0;
  }
  const targets = targetsOf(call);
  if (!hasRightCount(call, targets)) {
    terminal.err(`error: incorrect number of arguments\n\n${legacyUsage}\n`);
    return 1;
  }
  const restricted = (env["_GSYNCD_RESTRICTED_"] ?? "") !== "";
  if (call.local.has("verify")) return 0;
  if (restricted) checkRestrictedLegacy(call);
  const form = call.local.get("url_print");
  if (form !== undefined && call.config?.patterns !== "rx" && call.config?.patterns !== "glob") {
    await printResourceUrls(terminal, call.positionals, form as "normal" | "canonical" | "canonical-escaped");
    return 0;
  }
  const context = await createContext(argv, call, env, terminal, roles);
  if (call.config !== undefined) return runConfigCall(context, call.config);
  return runAction(context, targets, restricted);
}

/** The arguments with `--resource-local` and `--resource-remote` in their places. */
function targetsOf({ positionals, local }: LegacyCall): string[] {
  const targets = [...positionals];
  const near = local.get("resource_local");
  const far = local.get("resource_remote");
  if (near !== undefined) targets[0] = near;
  if (far === undefined) return targets;
  if (targets.length === 0) throw new BelayError("EUSAGE2014", "local resource unspecfied");
  targets[1] = far;
  return targets;
}

function hasRightCount({ local, config }: LegacyCall, targets: readonly string[]): boolean {
  const { length } = targets;
  if (length === 2 || local.has("url_print")) return true;
  return (length === 1 && local.has("listen")) || (length <= 2 && config !== undefined);
}

async function runConfigCall(context: LegacyContext, config: LegacyConfigCall): Promise<number> {
  const { operation, option, value, patterns } = config;
  const key = option?.replaceAll("-", "_");
  const known = key === undefined || legacyTunables.has(key);
  if (operation === "check") return known ? 0 : 1;
  if (!known) throw new BelayError("ENAME", `not a valid option: ${option ?? ""}`);
  const { configFile, peers } = context;
  if (operation === "get" || key === undefined) printConfig(context, key);
  else if (operation === "set") await setOldOption(configFile, peers, patterns !== "none", key, value);
  else await deleteOldOption(configFile, peers, patterns !== "none", key);
  if (key === "checkpoint" && operation !== "get" && patterns === "none") {
    const text = operation === "set" ? `checkpoint ${value} set` : "checkpoint info was reset";
    const log = valuesOf(context).get("log_file");
    if (log !== undefined && log !== "-") appendLogLine(log, { letter: "I", module: "gsyncd", label: "conf", text });
  }
  return 0;
}

function printConfig(context: LegacyContext, key: string | undefined): void {
  const values = fileValues(context);
  if (key === undefined) for (const [name, value] of values) context.terminal.out(`${name}: ${value}\n`);
  else if (values.has(key)) context.terminal.out(`${values.get(key) ?? ""}\n`);
}

async function runAction(context: LegacyContext, targets: readonly string[], restricted: boolean): Promise<number> {
  const { call, env, terminal, configFile } = context;
  const values = valuesOf(context);
  if (call.local.has("delete")) {
    deleteLegacySession(values, configFile);
    return 0;
  }
  if (restricted) checkNetwork(values.get("allow_network") ?? "", env);
  checkLogLevel(values);
  const state = values.get("state_file");
  const create = call.local.get("create");
  if (create !== undefined) {
    if (state !== undefined) await writeMonitorStatus(state, create);
    return 0;
  }
  const [local, remote] = connectable(targets);
  if (call.local.has("status_get")) {
    if (state === undefined) throw new BelayError("ESTATE", "state file is not known", { hint: "give --state-file" });
    for (const path of call.paths) {
      const checkpoint = Number(values.get("checkpoint") ?? 0) || 0;
      printBrickStatus(terminal, { state, pidFile: values.get("pid_file"), brick: path, checkpoint, json: false });
    }
    return 0;
  }
  if (local === undefined) throw new BelayError("EUSAGE2014", "local resource unspecfied");
  return runLegacyRole(context, local, remote);
}

function checkLogLevel(values: ReadonlyMap<string, string>): void {
  const level = values.get("log_level");
  if (level === undefined) return;
  if (!["CRITICAL", "FATAL", "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "NOTSET"].includes(level.toUpperCase())) {
    throw new BelayError("EVALUE", `cannot recognize log level "${level}"`);
  }
}
