import { BelayError } from "@belay/supervise";
import { openLiveConfig } from "../config/live-config.ts";
import { upgradeConfigFile } from "../config/upgrade-file.ts";
import { requireRoles } from "./require-roles.ts";
import { onlyRootsOf } from "./restricted/only-roots.ts";
import type { MonitorRequest, RoleRequest } from "./roles.ts";
import { fileNamed, sessionOf, type Invocation, type SessionRequest } from "./session-request.ts";

/** `monitor P S` */
export async function monitor(invocation: Invocation): Promise<number> {
  const roles = requireRoles(invocation.roles);
  const { args } = invocation;
  const request = sessionOf(invocation);
  await upgradeConfigFile(request.file, request.session);
  return roles.monitor({
    ...roleRequest(invocation, request, {}),
    ...childArguments(invocation),
    pauseOnStart: args.flag("pause-on-start"),
    localNodeId: args.text("local-node-id"),
    useConfiguredVolumes: args.flag("use-gconf-volinfo"),
  });
}

// Paths are made absolute now: a daemon works in another directory.
function childArguments({ args, inet6 }: Invocation): Pick<MonitorRequest, "workerArguments" | "agentArguments"> {
  const file = args.text("config-file");
  const before = inet6 ? ["--inet6"] : [];
  const after = file === undefined ? [] : [`--config-file=${fileNamed(file)}`];
  const stays = ["debug", "foreground"].filter((name) => args.flag(name)).map((name) => `--${name}`);
  return {
    workerArguments: (localPath, feedbackFd) => [
      ...[...before, "worker", ...args.positionals, "--feedback-fd", String(feedbackFd), `--local-path=${localPath}`],
      ...[...after, ...stays],
    ],
    agentArguments: (localPath) => [...before, "agent", ...args.positionals, `--local-path=${localPath}`, ...after],
  };
}

/** `worker P S` */
export function worker(invocation: Invocation): Promise<number> {
  const roles = requireRoles(invocation.roles);
  const { args } = invocation;
  const localPath = args.text("local-path");
  return roles.worker({
    ...roleRequest(invocation, sessionOf(invocation), { local_path: localPath }),
    localPath,
    feedbackFd: args.number("feedback-fd"),
    turns: 0,
    localNode: args.text("local-node"),
    localNodeId: args.text("local-node-id"),
    subvolume: args.text("subvol-num"),
    hotTier: args.flag("is-hottier"),
    remoteNode: args.text("resource-remote"),
    remoteNodeId: args.text("resource-remote-id"),
    secondaryId: args.text("secondary-id"),
  });
}

/** `secondary P S`: reads no configuration of the session, which is on the other side; what the other side wants is in the arguments. */
export function secondary(invocation: Invocation): Promise<number> {
  const roles = requireRoles(invocation.roles);
  const { args } = invocation;
  const about = sessionOf(invocation);
  const copiesFromParent = args.flag("copy-from-parent");
  if (copiesFromParent && (invocation.env["_GSYNCD_RESTRICTED_"] ?? "") !== "")
    throw new BelayError("ERESTRICTED", "disallowed gsyncd invocation: copy-from-parent may not be given");
  const facts = { primary_node: args.text("primary-node"), primary_brick: args.text("primary-brick") };
  const request = roleRequest(invocation, about, facts);
  return roles.secondary({
    ...request,
    secondary: request.secondary.scheme === "ssh" ? request.secondary.inner : request.secondary,
    onlyRoots: onlyRootsOf(invocation.env),
    sessionOwner: args.text("session-owner"),
    primaryBrick: args.text("primary-brick"),
    primaryNode: args.text("primary-node"),
    primaryNodeId: args.text("primary-node-id"),
    localNode: args.text("local-node"),
    localNodeId: args.text("local-node-id"),
    primaryDistributionCount: args.number("primary-dist-count"),
    copiesFromParent,
  });
}

const secondaryOptions = [
  "secondary-timeout",
  "secondary-log-level",
  "secondary-gluster-log-level",
  "secondary-gluster-command-dir",
] as const;

function roleRequest(
  invocation: Invocation,
  { session, file: given, primary, secondary }: SessionRequest,
  facts: Record<string, string | undefined>,
): RoleRequest {
  const { command, args, places, terminal, inet6 } = invocation;
  const debug = args.flag("debug");
  const commandLine = new Map<string, string>();
  for (const name of secondaryOptions) {
    const value = args.text(name);
    if (value !== undefined) commandLine.set(name, value);
  }
  for (const name of ["use-rsync-xattrs", "secondary-access-mount"]) if (args.flag(name)) commandLine.set(name, "true");
  if (args.flag("foreground")) commandLine.set("log-file", "-");
  const file = command === "secondary" ? null : given;
  const config = openLiveConfig({ places, session, file, commandLine, facts }, (problem) =>
    terminal.err(`gsyncd: ${problem}\n`),
  );
  return {
    places,
    session,
    primary,
    secondary,
    config,
    pidFile: command === "monitor" ? config.current().text("pid-file") : undefined,
    debug,
    foreground: debug || args.flag("foreground") || command !== "monitor",
    inet6,
  };
}
