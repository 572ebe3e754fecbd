import { ownCommand } from "@belay/supervise";

import type { Config } from "../config/config.ts";
import { escapedUrl } from "../url/format.ts";
import type { Resource, SshResource } from "../url/resource.ts";

/** What the receiving end is started for. */
export interface SecondaryRequest {
  readonly source: Resource;
  readonly destination: Resource;
  readonly config: Config;
  /** Id of the source: the receiving end's state is kept under it, and keys are tied to it. */
  readonly owner: string;
  /** This machine's name, for the log over there. */
  readonly node: string;
  readonly debug: boolean;
}

/** Where remote machines have the program unless `remote-gsyncd` says so: nowhere, the key's forced command decides. */
const nowhere = "/nonexistent/gsyncd";

/**
 * Program and arguments of a receiving end: ours for a directory of this machine, through ssh for others. ssh joins its arguments with
 * blanks, and whoever takes them apart again must not see more than they are: urls are escaped.
 *
 * @param control  socket that connections to the same machine share, made by the first
 */
export function secondaryCommand(request: SecondaryRequest, control: string | undefined): string[] {
  const { destination, config } = request;
  const args = secondaryArguments(request);
  const remote = config.words("remote-gsyncd");
  if (destination.scheme === "ssh")
    return [...sshCommand(destination, config, control), ...(remote.length > 0 ? remote : [nowhere]), ...args];
  const isOurs = remote.length === 0 || remote[0] === nowhere;
  // Another program may put itself between this process and the receiving end, whose parent we are not then.
  return isOurs ? ownCommand([...args, "--copy-from-parent"]) : [...remote, ...args];
}

/**
 * Program and arguments that lead to another machine, its name last.
 *
 * @param control  socket that connections to the same machine share
 */
export function sshCommand({ user, host }: SshResource, config: Config, control: string | undefined): string[] {
  return [
    config.text("ssh-command"),
    ...config.words("ssh-options"),
    ...["-p", config.text("ssh-port")],
    ...(control === undefined ? [] : ["-oControlMaster=auto", "-S", control]),
    user === undefined ? host : `${user}@${host}`,
  ];
}

function secondaryArguments({ source, destination, config, owner, node, debug }: SecondaryRequest): string[] {
  const inner = destination.scheme === "ssh" ? destination.inner : destination;
  return [
    "secondary",
    ...(config.flag("use-rsync-xattrs") ? ["--use-rsync-xattrs"] : []),
    ...[escapedUrl(source), escapedUrl(inner)],
    ...["--session-owner", owner, "--primary-node", node],
    ...["--secondary-timeout", config.text("secondary-timeout")],
    ...["--secondary-log-level", config.text("secondary-log-level")],
    ...(debug ? ["--debug"] : []),
  ];
}
