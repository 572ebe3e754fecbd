import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { BelayError, hasCode } from "@belay/supervise";

/**
 * Makes a directory, and those that lead to it. Unlike `mkdir` of Node with `recursive`, it comes to an end where the kernel makes none and says
 * that something is missing (`/proc`).
 *
 * @param mode  of those that are made, less the umask
 * @throws errno errors; BelayError `ENOTDIR` when something else is there
 */
export function makeDirectory(path: string, mode = 0o777): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    throw new BelayError("ENOTDIR", `${path} is no directory`);
  }
}
