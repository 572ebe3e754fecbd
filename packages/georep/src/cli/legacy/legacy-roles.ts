import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { createConfig, type Config } from "../../config/config.ts";
import type { LiveConfig } from "../../config/live-config.ts";
import { placesOf } from "../../session/places.ts";
import { sessionBetween, sessionFolder, type Session } from "../../session/session.ts";
import { userStateDirectory } from "../../session/user-places.ts";
import type { Resource } from "../../url/resource.ts";
import { requireRoles } from "../require-roles.ts";
import type { MonitorRequest, RoleRequest } from "../roles.ts";
import { BelayError, ownCommand } from "@belay/supervise";
import { brickId } from "../../config/load-config.ts";
import { onlyRootsOf } from "../restricted/only-roots.ts";
import { valuesOf, type LegacyContext } from "./legacy-context.ts";
import { findLegacyOption } from "./legacy-options.ts";
import { translateOptions } from "./translate-options.ts";

/** Starts the role a call of 2014 asks for: monitor, receiving end, or the worker for a pair of resources. */
export async function runLegacyRole(
  context: LegacyContext,
  local: Resource,
  remote: Resource | undefined,
): Promise<number> {
  const { call } = context;
  if (call.local.has("agent")) return runAgent(context, local, remote);
  const roles = requireRoles(context.roles);
  const request = roleRequest(context, local, remote);
  if (call.local.has("monitor")) {
    return roles.monitor({
      ...request,
      pauseOnStart: call.options.get("pause_on_start") === "true",
      localNodeId: call.options.get("glusterd_uuid"),
      useConfiguredVolumes: false,
      ...childArguments(context.argv),
    });
  }
  if (remote === undefined)
    return roles.secondary({
      ...request,
      ...unknownPeer,
      sessionOwner: call.options.get("session_owner"),
      onlyRoots: onlyRootsOf(context.env),
      copiesFromParent: false,
    });
  return roles.worker({
    ...request,
    localPath: call.options.get("local_path") ?? (local.scheme === "file" ? local.path : undefined),
    feedbackFd: call.local.has("feedback_fd") ? Number(call.local.get("feedback_fd")) : undefined,
    turns: Number(valuesOf(context).get("turns") ?? 0) || 0,
    localNode: undefined,
    localNodeId: call.options.get("glusterd_uuid"),
    subvolume: call.options.get("subvol_num"),
    hotTier: false,
    remoteNode: undefined,
    remoteNodeId: undefined,
    secondaryId: call.options.get("slave_id"),
  });
}

// Behind what was given, as the last word counts: in the foreground, the worker without a pid file.
function childArguments(argv: readonly string[]): Pick<MonitorRequest, "workerArguments" | "agentArguments"> {
  const words = argv.filter((word) => !isMonitorWord(word));
  const end = words.indexOf("--");
  const placed = (...more: string[]) =>
    end < 0 ? [...words, ...more] : [...words.slice(0, end), ...more, ...words.slice(end)];
  return {
    workerArguments: (localPath, feedbackFd) =>
      placed("-N", "--pid-file=", `--feedback-fd=${feedbackFd}`, `--local-path=${localPath}`),
    agentArguments: (localPath) => placed("-N", "--agent", `--local-path=${localPath}`),
  };
}

async function runAgent(context: LegacyContext, local: Resource, remote: Resource | undefined): Promise<number> {
  const path = context.call.options.get("local_path") ?? (local.scheme === "file" ? local.path : undefined);
  if (path === undefined || path === "") throw new BelayError("EUSAGE2014", "local path unspecified");
  const { agentRole } = await import("../../agent/agent-role.ts");
  const config = followConfig(context, sessionBetween(local, remote));
  return agentRole({ source: realpathSync(path), localPath: path, config });
}

const isMonitorWord = (word: string): boolean =>
  word.startsWith("--") && ["--monitor", "--pause-on-start"].includes(findLegacyOption(word)?.names.at(-1) ?? "");

const unknownPeer = {
  primaryBrick: undefined,
  primaryNode: undefined,
  primaryNodeId: undefined,
  localNode: undefined,
  localNodeId: undefined,
  primaryDistributionCount: undefined,
};

function roleRequest(context: LegacyContext, local: Resource, remote: Resource | undefined): RoleRequest {
  const { call, env } = context;
  const session = sessionBetween(local, remote);
  const debug = call.local.has("debug");
  const config = followConfig(context, session);
  return {
    places: placesOf(env),
    session,
    primary: local,
    secondary: remote ?? local,
    config,
    pidFile: config.current().text("pid-file"),
    debug,
    foreground: debug || call.local.get("go_daemon") === "dont",
    inet6: false,
  };
}

// As for the files of today: looked at when asked, read again when it changed.
function followConfig(context: LegacyContext, session: Session): LiveConfig {
  const stamp = () => statSync(context.configFile, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  let seen = stamp();
  let config = configOf(context, session);
  return {
    current: () => {
      const now = stamp();
      if (now !== seen) config = configOf(context, session);
      seen = now;
      return config;
    },
  };
}

// Where users without privileges keep their state; what is built in is root's.
function ownWorkingDirectory(env: NodeJS.ProcessEnv, session: Session): string {
  return join(userStateDirectory(env), "belay/georep/gsyncd", sessionFolder(session));
}

function configOf(context: LegacyContext, session: Session): Config {
  const values = valuesOf(context);
  const unprivileged = process.getuid?.() !== 0;
  const log = (unprivileged ? values.get("log_file_mbr") : undefined) ?? values.get("log_file") ?? "";
  // Without a file named there was none; logs then go to stderr.
  const named = new Map([...values, ["log_file", log]]);
  for (const name of ["pid_file", "state_file"]) named.set(name, values.get(name) ?? "");
  if (!named.has("remote_gsyncd")) named.set("remote_gsyncd", ownCommand([]).join(" "));
  if (!named.has("working_dir") && unprivileged) named.set("working_dir", ownWorkingDirectory(context.env, session));
  const level = values.get("log_level")?.toUpperCase();
  if (level !== undefined) named.set("log_level", level === "WARN" ? "WARNING" : level);
  const localPath = values.get("local_path") ?? "";
  return createConfig({
    file: context.configFile,
    machine: new Map(),
    session: new Map([...translateOptions(named), ["secondary-log-file", log]]),
    commandLine: new Map(),
    variables: new Map([
      ["primary", session.primary],
      ["primary_secondary_host", session.host],
      ["secondaryvol", session.volume],
      ["secondaryuser", session.user ?? "root"],
      ["local_id", brickId(localPath)],
    ]),
    problems: [],
  });
}
