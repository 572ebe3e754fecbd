import { checkRestarting, libc } from "../ffi/libc.ts";
import { FixedMemory } from "../memory/fixed-memory.ts";
import { SEEK_SET, lseek } from "./io.ts";
import { openatRaw } from "./open.ts";

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

/** Entries of a directory, as the kernel told them: for loops over many of them there is no object for each. */
export class DirectoryEntries implements Iterable<DirectoryEntry> {
  readonly #memory: FixedMemory;
  /** Where in it each begins. */
  readonly #starts: readonly number[];

  constructor(memory: FixedMemory, starts: readonly number[]) {
    this.#memory = memory;
    this.#starts = starts;
  }

  get length(): number {
    return this.#starts.length;
  }

  /** `DT_…` */
  type(index: number): number {
    return this.#memory.bytes[this.#start(index) + typeAt] ?? DT_UNKNOWN;
  }

  /** Bytes of all entries; not to be written to. */
  cName(index: number): Buffer {
    const { bytes } = this.#memory;
    const start = this.#start(index) + nameAt;
    return bytes.subarray(start, bytes.indexOf(0, start) + 1);
  }

  /** Writes a name with its NUL, 256 bytes at most. @returns its length */
  putName(index: number, to: Uint8Array, at: number): number {
    const { bytes } = this.#memory;
    const start = this.#start(index) + nameAt;
    for (let length = 0; ; length++) {
      const byte = bytes[start + length] ?? 0;
      to[at + length] = byte;
      if (byte === 0) return length + 1;
    }
  }

  /** openat(2) of an entry: descriptor or -errno. @param dirfd  the directory */
  open(dirfd: number, index: number, flags: number): number {
    return openatRaw(dirfd, this.#memory.room(this.#start(index) + nameAt, 1), flags, 0);
  }

  /** As `slice` of an array. */
  slice(from: number, end?: number): DirectoryEntries {
    return new DirectoryEntries(this.#memory, this.#starts.slice(from, end));
  }

  /** Without a name. @param cName  with its NUL */
  without(cName: Buffer): DirectoryEntries {
    const starts = this.#starts.filter((_, index) => !this.cName(index).equals(cName));
    return new DirectoryEntries(this.#memory, starts);
  }

  *[Symbol.iterator](): Generator<DirectoryEntry, void> {
    for (let index = 0; index < this.length; index++) yield { type: this.type(index), cName: this.cName(index) };
  }

  #start(index: number): number {
    const start = this.#starts[index];
    if (start === undefined) throw new RangeError(`no entry ${index} of ${this.length}`);
    return start;
  }
}

/** None at all. */
export const noEntries = new DirectoryEntries(new FixedMemory(0), []);

/**
 * getdents64(2), until the end: all entries of an open directory, from its beginning on.
 *
 * @param most  so many are enough: there may be some more among the result
 */
export function directoryEntries(fd: number, most = Infinity): DirectoryEntries {
  lseek(fd, 0, SEEK_SET);
  const pieces: Buffer[] = [];
  const starts: number[] = [];
  let total = 0;
  while (starts.length < most) {
    const length = checkRestarting(() => getdents64Native(fd, scratch, scratch.length), "getdents64");
    if (length === 0) break;
    addStarts(starts, length, total);
    pieces.push(Buffer.from(scratch.subarray(0, length)));
    total += length;
  }
  const memory = new FixedMemory(total);
  let at = 0;
  for (const piece of pieces) at += piece.copy(memory.bytes, at);
  return new DirectoryEntries(memory, starts);
}

// One for all calls: what is in it is copied before anything else runs.
const scratch = Buffer.alloc(64 * 1024);

// struct linux_dirent64: inode and offset of 8 bytes each, length of the whole, type, name and NUL.
const lengthAt = 16;
const typeAt = 18;
const nameAt = 19;

/** @param before  bytes that were told before those in {@link scratch} */
function addStarts(starts: number[], length: number, before: number): void {
  for (let at = 0; at < length; at += (scratch[at + lengthAt] ?? 0) | ((scratch[at + lengthAt + 1] ?? 0) << 8))
    if (!isItselfOrParent(at + nameAt)) starts.push(before + at);
}

const dot = 0x2e;

function isItselfOrParent(at: number): boolean {
  return scratch[at] === dot && (scratch[at + 1] === 0 || (scratch[at + 1] === dot && scratch[at + 2] === 0));
}
