import { checkRestarting, libc } from "../ffi/libc.ts";
import { SEEK_SET, lseek } from "./io.ts";

const getdents64Native = libc("int64_t getdents64(int fd, void *buffer, size_t count)");

/** Type of a directory entry: the file system does not tell it here, `statx` does. */
export const DT_UNKNOWN = 0;
export const DT_DIR = 4;
export const DT_REG = 8;
export const DT_LNK = 10;

/** One entry of a directory, neither `.` nor `..`. */
export interface DirectoryEntry {
  /** `DT_…` */
  readonly type: number;
  /** With its terminating NUL, as the `Raw` calls take names. */
  readonly cName: Buffer;
}

/**
 * getdents64(2), until the end: all entries of an open directory, from its beginning on.
 *
 * @param most  so many are enough: there may be some more among the result
 */
export function directoryEntries(fd: number, most = Infinity): DirectoryEntry[] {
  lseek(fd, 0, SEEK_SET);
  const entries: DirectoryEntry[] = [];
  while (entries.length < most) {
    const length = checkRestarting(() => getdents64Native(fd, scratch, scratch.length), "getdents64");
    if (length === 0) break;
    addEntries(entries, Buffer.from(scratch.subarray(0, length)));
  }
  return entries;
}

// One for all calls: what is in it is copied before anything else runs.
const scratch = Buffer.alloc(64 * 1024);

// struct linux_dirent64: inode and offset of 8 bytes each, length of the whole, type, name and NUL.
const lengthAt = 16;
const typeAt = 18;
const nameAt = 19;

function addEntries(entries: DirectoryEntry[], bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += bytes.readUInt16LE(at + lengthAt)) {
    const start = at + nameAt;
    const cName = bytes.subarray(start, bytes.indexOf(0, start) + 1);
    if (!isItselfOrParent(cName)) entries.push({ type: bytes[at + typeAt] ?? DT_UNKNOWN, cName });
  }
}

const dot = 0x2e;

function isItselfOrParent(cName: Buffer): boolean {
  return cName[0] === dot && (cName.length === 2 || (cName.length === 3 && cName[1] === dot));
}
