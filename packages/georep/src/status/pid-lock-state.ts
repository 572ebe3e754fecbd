import { closeSync, openSync } from "node:fs";
import { getLock } from "@belay/linux";
import { hasCode, readPid } from "@belay/supervise";

/** Tells whether a monitor is alive: it holds a record lock (fcntl) on its pid file. A file without the lock is a left-over. */
export function isPidFileHeld(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
  try {
    return getLock(fd) !== undefined;
  } finally {
    closeSync(fd);
  }
}

/** The process whose pid is in a pid file, where somebody holds that. */
export function pidFileOwner(path: string): number | undefined {
  return isPidFileHeld(path) ? readPid(path) : undefined;
}
