import { closeSync, openSync } from "node:fs";
import { getLock } from "@belay/linux";
import { hasCode } from "@belay/supervise";

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
