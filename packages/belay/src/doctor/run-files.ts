import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode, takeFileLock } from "@belay/supervise";
import type { Leftover } from "./report.ts";

/** Lock files stay when their lock goes, so that no two processes lock different files of one name; old ones only take room. */
const lockAgeMs = 24 * 3600_000;

/** Finds old files in a run directory that nobody uses, and removes them when `fix` is set. */
export async function treatRunFiles(directory: string, fix: boolean): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const path of oldLocks(join(directory, "locks"))) {
    const state = fix ? await removeUnlocked(path) : "left";
    leftovers.push({ kind: "lock-file", text: path, state });
  }
  return leftovers;
}

function oldLocks(folder: string): string[] {
  return list(folder)
    .filter((name) => name.endsWith(".lock"))
    .map((name) => join(folder, name))
    .filter((path) => Date.now() - statSync(path).mtimeMs > lockAgeMs);
}

// Removed while we hold it: whoever opened it before finds that the name has gone, and makes a new one.
async function removeUnlocked(path: string): Promise<Leftover["state"]> {
  try {
    const lock = await takeFileLock(path);
    rmSync(path, { force: true });
    lock[Symbol.dispose]();
    return "fixed";
  } catch (error) {
    if (hasCode(error, "ELOCKED")) return "gone"; // in use, so nothing is left behind
    throw error;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
