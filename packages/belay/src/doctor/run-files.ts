import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { hasCode, takeFileLock } from "@belay/supervise";
import type { Leftover } from "./report.ts";

/** Lock files stay when their lock goes, so that no two processes lock different files of one name; old ones only take room. */
const lockAgeMs = 24 * 3600_000;

/** Finds old files in a run directory that nobody uses, and removes them when `fix` is set. */
export function treatRunFiles(directory: string, fix: boolean): Promise<Leftover[]> {
  return treatLocks(oldLocks(join(directory, "locks")), fix);
}

/** As {@link treatRunFiles}, the locks of mountpoints that are not there any more. */
export function treatStartLocks(root: string, fix: boolean): Promise<Leftover[]> {
  const names = new Set(list(root));
  const isAlone = (path: string) => !names.has(basename(path, ".lock"));
  const isOwn = (path: string) => statSync(path).uid === process.geteuid?.();
  return treatLocks(oldLocks(root).filter(isAlone).filter(isOwn), fix);
}

async function treatLocks(paths: readonly string[], fix: boolean): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const path of paths) {
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
