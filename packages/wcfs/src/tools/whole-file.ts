import { closeSync } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import * as linux from "@belay/linux";
import { hasCode } from "@belay/supervise";

/**
 * Makes a file, or replaces one, that gets its name when all of it is on the disk: a process that is killed before leaves nothing.
 *
 * @param write  writes all of it
 * @throws what `write` throws; errors of the file system: what had the name before still has it then
 */
export async function writeWhole<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const temporary = `${path}.unfinished-${process.pid}`;
  const fd = openNameless(dirname(path));
  try {
    const result = await writeDurably(fd === undefined ? temporary : linkOf(fd), write);
    if (fd === undefined || !isNamed(fd, path)) {
      if (fd !== undefined) giveName(fd, temporary);
      await rename(temporary, path);
    }
    return result;
  } finally {
    await rm(temporary, { force: true });
    if (fd !== undefined) closeSync(fd);
  }
}

async function writeDurably<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  await using file = await open(path, "w");
  const result = await write(file);
  await file.sync();
  return result;
}

// NFS, FUSE and overlays of old kernels have no files without a name.
function openNameless(directory: string): number | undefined {
  try {
    return linux.open(directory, linux.O_TMPFILE | linux.O_RDWR, 0o666);
  } catch (error) {
    if (hasCode(error, "EOPNOTSUPP", "EISDIR", "EINVAL")) return undefined;
    throw error;
  }
}

function linkOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** @returns false: something has the name already */
function isNamed(fd: number, path: string): boolean {
  try {
    giveName(fd, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function giveName(fd: number, path: string): void {
  linux.linkat(linux.AT_FDCWD, linkOf(fd), linux.AT_FDCWD, path, linux.AT_SYMLINK_FOLLOW);
}
