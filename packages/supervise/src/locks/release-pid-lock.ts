import { closeSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { trySetLock, wholeFileLock } from "@belay/linux";
import { hasCode } from "../errors/belay-error.ts";
import type { LedgerEntry, ReleaseFunction } from "../ledger/types.ts";
import { isFileOf } from "./file-lock.ts";

/** Ledger entry of a pid file. */
interface PidLockEntry extends LedgerEntry {
  readonly path: string;
}

/** Removes a pid file that still names its dead owner, or nobody yet. One that somebody else holds or has written to stays. */
export const releasePidLock: ReleaseFunction = (entry, { owner, acquired }) => {
  const { path } = entry as PidLockEntry;
  const fd = openExisting(path);
  if (fd === undefined) return Promise.resolve("gone");
  try {
    const isFree = trySetLock(fd, wholeFileLock, "description") && isFileOf(fd, path);
    const text = isFree ? readFileSync(fd, "latin1").trim() : undefined;
    const isOurs = text === String(owner.pid) || (text === "" && !acquired);
    if (isOurs) unlinkSync(path);
    return Promise.resolve(isOurs ? "released" : "gone");
  } finally {
    closeSync(fd);
  }
};

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
