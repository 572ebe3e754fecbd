import { openLiveConfig } from "../config/live-config.ts";
import { upgradeConfigFile } from "../config/upgrade-file.ts";
import { secondaryText, type Session } from "../session/session.ts";
import { parseResource } from "../url/parse.ts";
import { requireRoles } from "./require-roles.ts";
import type { RoleRequest } from "./roles.ts";
import { sessionOf, type Invocation } from "./session-request.ts";

/** `monitor P S` */
export async function monitor(invocation: Invocation): Promise<number> {
  const roles = requireRoles(invocation.roles);
  const { args } = invocation;
  const { session, file } = sessionOf(invocation);
  await upgradeConfigFile(file, session);
  return roles.monitor({
    ...roleRequest(invocation, session, {}),
    pauseOnStart: args.flag("pause-on-start"),
    localNodeId: args.text("local-node-id"),
    useConfiguredVolumes: args.flag("use-gconf-volinfo"),
  });
}

/** `worker P S` */
export function worker(invocation: Invocation): Promise<number> {
  const roles = requireRoles(invocation.roles);
  const { args } = invocation;
  const localPath = args.text("local-path");
  return roles.worker({
    ...roleRequest(invocation, sessionOf(invocation).session, { local_path: localPath }),
    localPath,
    feedbackFd: args.number("feedback-fd"),
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
  const { session } = sessionOf(invocation);
  const facts = { primary_node: args.text("primary-node"), primary_brick: args.text("primary-brick") };
  const request = roleRequest(invocation, session, facts);
  return roles.secondary({
    ...request,
    secondary: parseResource(`gluster://localhost:${session.volume}`),
    sessionOwner: args.text("session-owner"),
    primaryBrick: args.text("primary-brick"),
    primaryNode: args.text("primary-node"),
    primaryNodeId: args.text("primary-node-id"),
    localNode: args.text("local-node"),
    localNodeId: args.text("local-node-id"),
    primaryDistributionCount: args.number("primary-dist-count"),
  });
}

const secondaryOptions = [
  "secondary-timeout",
  "secondary-log-level",
  "secondary-gluster-log-level",
  "secondary-gluster-command-dir",
] as const;

function roleRequest(invocation: Invocation, session: Session, facts: Record<string, string | undefined>): RoleRequest {
  const { command, args, places, terminal, inet6 } = invocation;
  const debug = args.flag("debug");
  const commandLine = new Map<string, string>();
  for (const name of secondaryOptions) {
    const value = args.text(name);
    if (value !== undefined) commandLine.set(name, value);
  }
  for (const name of ["use-rsync-xattrs", "secondary-access-mount"]) if (args.flag(name)) commandLine.set(name, "true");
  const file = command === "secondary" ? null : args.text("config-file");
  const config = openLiveConfig({ places, session, file, commandLine, facts }, (problem) =>
    terminal.err(`gsyncd: ${problem}\n`),
  );
  return {
    places,
    session,
    primary: parseResource(`gluster://localhost:${session.primary}`),
    secondary: parseResource(`ssh://${secondaryText(session)}`),
    config,
    configFile: args.text("config-file"),
    debug,
    foreground: debug || command !== "monitor",
    inet6,
  };
}
