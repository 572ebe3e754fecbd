import { BugError } from "@belay/supervise";
import type { Tid } from "@belay/zodb";
import type { BlockRange, Layout } from "./pinner/messages.ts";
import { readFd } from "./files.ts";

/** Where the blocks of a file are read. */
export interface BlockFiles {
  readonly blksize: number;
  readonly headFd: number;
  /** Has the file open at a revision while it is read. */
  atRevision<T>(rev: Tid, use: (fd: number) => Promise<T>): Promise<T>;
}

/** Bytes `offset` of the file and after go to `into`. */
interface Piece {
  readonly offset: number;
  readonly into: Uint8Array;
}

/** The blocks in which bytes of a file lie. */
export function blocksOf(offset: number, length: number, blksize: number): BlockRange {
  return { start: Math.floor(offset / blksize), stop: Math.ceil((offset + length) / blksize) };
}

/** Whether the bytes of all blocks come from the same places. */
export function isSameLayout(a: Layout, b: Layout): boolean {
  if (a.headSize !== b.headSize || a.pinned.length !== b.pinned.length) return false;
  const revs = new Map(b.pinned);
  return a.pinned.every(([blk, rev]) => revs.get(blk) === rev);
}

/** Reads bytes of a file as a layout says. What is in no file is left as it is. */
export async function readLayout(files: BlockFiles, layout: Layout, offset: number, into: Uint8Array): Promise<void> {
  const { blksize } = files;
  const pinned = [...layout.pinned].sort(([a], [b]) => a - b);
  const stop = offset + into.length;
  const piece = (from: number, to: number): Piece => {
    const start = Math.max(from, offset);
    return { offset: start, into: into.subarray(start - offset, Math.max(start, Math.min(to, stop)) - offset) };
  };
  let from = offset;
  for (const [blk, rev] of pinned) {
    await readHead(files, piece(from, Math.min(blk * blksize, layout.headSize)));
    // Behind the end of a revision there are zeros.
    const { offset: start, into: part } = piece(blk * blksize, (blk + 1) * blksize);
    await files.atRevision(rev, (fd) => readFd(fd, part, start));
    from = (blk + 1) * blksize;
  }
  await readHead(files, piece(from, layout.headSize));
}

async function readHead({ headFd }: BlockFiles, { offset, into }: Piece): Promise<void> {
  const length = await readFd(headFd, into, offset);
  if (length < into.length) throw new BugError(`wcfs bug: head/file ends at ${offset + length}, inside of its size`);
}
