import { lstatSync, unlinkSync, type BigIntStats } from "node:fs";
import { rm } from "node:fs/promises";
import { BelayError, hasCode } from "../errors/belay-error.ts";
import { MountTable } from "../mounts/mount-table.ts";
import type { LedgerEntry, ReleaseContext, ReleaseFunction, ReleaseOutcome } from "./types.ts";

/** A file system object by its name and, once acquired, device and inode (decimal). */
interface FileEntry extends LedgerEntry {
  readonly path: string;
  readonly dev?: string;
  readonly ino?: string;
}

/** What identifies a file, for `acquired`. */
export function fileIdentity(path: string): { dev: string; ino: string } {
  const { dev, ino } = lstatSync(path, { bigint: true });
  return { dev: String(dev), ino: String(ino) };
}

/** Removes a directory and all in it, unless something is mounted there. */
export const releaseTempDirectory: ReleaseFunction = async (entry, context) => {
  const { path } = entry as FileEntry;
  const found = findOwn(entry as FileEntry, context);
  if (found?.isDirectory() !== true) return "gone";
  const mounted = MountTable.read().below(path);
  if (mounted.length > 0) {
    throw new BelayError("EBUSY", `${path} cannot be removed: ${String(mounted[0]?.point)} is mounted in it`, {
      hint: "unmount that first",
    });
  }
  await rm(path, { recursive: true, force: true, maxRetries: 2 });
  return "released";
};

/** Removes a regular file. */
export const releaseTempFile: ReleaseFunction = (entry, context) => removeIf(entry, context, (found) => found.isFile());

/** Removes the name of a unix socket. */
export const releaseSocket: ReleaseFunction = (entry, context) => removeIf(entry, context, (found) => found.isSocket());

async function removeIf(
  raw: LedgerEntry,
  context: ReleaseContext,
  is: (found: BigIntStats) => boolean,
): Promise<ReleaseOutcome> {
  const entry = raw as FileEntry;
  const found = findOwn(entry, context);
  if (found === undefined || !is(found)) return "gone";
  unlinkSync(entry.path);
  return Promise.resolve("released");
}

// A name that now stands for another file is not ours any more. Before `acquired` there is no inode to compare: then the name has to
// do (temporary names are random), and the file has to be our user's.
function findOwn({ path, dev, ino }: FileEntry, { acquired }: ReleaseContext): BigIntStats | undefined {
  const found = lstat(path);
  if (found === undefined) return undefined;
  if (acquired) return String(found.dev) === dev && String(found.ino) === ino ? found : undefined;
  return Number(found.uid) === process.geteuid?.() ? found : undefined;
}

function lstat(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
