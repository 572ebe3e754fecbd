import { rmdirSync } from "node:fs";
import { hasCode, removeStartLock, takeStartLock } from "@belay/supervise";

/**
 * Removes the mountpoint of a server that has ended, and the file of its start lock.
 *
 * Both stay when something is mounted there, and when somebody has the lock: that is who starts a server by now, and needs them.
 */
export async function clearMountpoint(mountpoint: string): Promise<void> {
  try {
    using lock = await takeStartLock(mountpoint, { wait: false });
    if (removeMountpoint(mountpoint)) removeStartLock(lock);
  } catch {
    // they are of no use to anybody, and do no harm
  }
}

/**
 * Removes a mountpoint on which nothing is mounted; leaves it alone when it is not ours, or not empty.
 *
 * @returns whether it is gone
 */
export function removeMountpoint(mountpoint: string): boolean {
  try {
    rmdirSync(mountpoint);
    return true;
  } catch (error) {
    return hasCode(error, "ENOENT");
  }
}
