import { readlinkSync } from "node:fs";
import type { Logger } from "../log/logger.ts";
import { MountTable } from "../mounts/mount-table.ts";
import type { MountEntry, MountUser } from "../mounts/types.ts";
import { usersOfMount } from "../mounts/users-of-mount.ts";

/**
 * Remembers who uses a mount, so that they are found again when its server, told to end, has unmounted it lazily: then the mount is in no
 * table, and they go on with a dead file system.
 *
 * @returns lists those who use it at the moment of the call: everybody while it is mounted, of those remembered afterwards
 */
export function watchUsers(point: string, logger: Logger): () => MountUser[] {
  const uppermost = () => MountTable.read().at(point).at(-1);
  const mount = uppermost();
  if (mount === undefined) return () => [];
  const before = usersOfMount(mount, { logger });
  return () => {
    const now = uppermost();
    return now === undefined ? stillOn(mount, before) : usersOfMount(now, { logger });
  };
}

// Of those remembered only: the numbers of a mount that has gone may be another one's by now.
function stillOn(mount: MountEntry, before: readonly MountUser[]): MountUser[] {
  const found = new Set(usersOfMount(mount).map(({ process }) => process.pid));
  return before.filter(
    (user) => user.process.isAlive() && (found.has(user.process.pid) || staysInside(user, mount.point)),
  );
}

// Of a place in a mount that is detached the kernel shows the path from the mount's own root.
function staysInside({ process, uses }: MountUser, point: Buffer): boolean {
  return (["cwd", "exe", "root"] as const).some((key) => {
    const path = uses.get(key);
    if (path === undefined) return false;
    const inside = path.subarray(point.length).toString("latin1") || "/";
    return linkOf(process.pid, key)?.toString("latin1") === inside;
  });
}

function linkOf(pid: number, key: string): Buffer | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${key}`, { encoding: "buffer" });
  } catch {
    return undefined; // ended meanwhile
  }
}
