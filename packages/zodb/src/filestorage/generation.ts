import { closeSync, fstatSync, type BigIntStats } from "node:fs";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Tid } from "../ids/tid.ts";
import { damaged } from "./damage.ts";
import { MAGIC_PY2, MAGIC_PY3, MAGIC_SIZE, U64 } from "./format.ts";
import { indexFits } from "./index-check.ts";
import { readIndexFile } from "./index-file.ts";
import { OidIndex } from "./oid-index.ts";
import { readAt } from "./read-at.ts";
import { Revisions } from "./revisions.ts";
import { Scanner, type ScanStop } from "./scan.ts";
import { transactionEndingAt } from "./walk-back.ts";

/** What became of the index file at open. `stale` is used: the rest of the file was scanned. */
export type IndexState = "current" | "stale" | "missing" | "unusable";

/**
 * One file that is or was the database, with its index.
 *
 * A pack puts another file in the place of the first. The old one, kept open, is the database as it was up to that
 * moment, with all the history the pack has dropped.
 */
export interface Generation {
  readonly path: string;
  readonly fd: number;
  /** Device and inode: the identity of the file. */
  readonly identity: string;
  readonly index: OidIndex;
  readonly revisions: Revisions;
  readonly indexState: IndexState;
  /** End of the last transaction taken in. */
  pos: number;
  lastTid: Tid;
  /** What follows `pos` as of the last look. */
  stop: ScanStop;
}

/** How far building an index has come. */
export interface Progress {
  readonly bytes: number;
  readonly total: number;
}

/** Transactions per step of a build. */
const STEP = 64;

/**
 * Makes the index of an open file, from its index file and the rest by scanning, in steps of a millisecond or so.
 *
 * @param fd  stays the caller's if this throws
 * @throws ZodbError `EFORMAT` (no FileStorage), `EDAMAGED`, `EUNSUPPORTED`
 */
export function* buildGeneration(path: string, fd: number): Generator<Progress, Generation> {
  const stat = fstatSync(fd, { bigint: true });
  const size = Number(stat.size);
  readMagic(path, fd, size);
  const saved = yield* savedIndex(path, fd, size);
  const start =
    typeof saved === "string"
      ? { pos: MAGIC_SIZE, lastTid: 0n }
      : { pos: saved.pos, lastTid: lastTidAt(fd, saved.pos) };
  const index = typeof saved === "string" ? new OidIndex() : saved.index;
  const sink = { record: (high: number, low: number, offset: number) => index.setParts(high, low, offset) };
  const scanner = new Scanner(path, fd, size, start, sink);
  let stop: ScanStop | undefined;
  for (let i = 1; stop === undefined; i++) {
    stop = size < MAGIC_SIZE ? "end" : scanner.step();
    if (i % STEP === 0) yield { bytes: scanner.pos, total: size };
  }
  const indexState = typeof saved === "string" ? saved : saved.pos < scanner.pos ? "stale" : "current";
  const revisions = new Revisions(path, fd, index, () => generation.pos);
  const generation: Generation = {
    path,
    fd,
    identity: identityOf(stat),
    index,
    revisions,
    indexState,
    pos: scanner.pos,
    lastTid: scanner.lastTid,
    stop,
  };
  return generation;
}

function* savedIndex(path: string, fd: number, size: number) {
  const reader = readIndexFile(path, size);
  for (let step = reader.next(); ; step = reader.next()) {
    if (step.done !== true) {
      yield { bytes: 0, total: size };
      continue;
    }
    return typeof step.value === "string" || indexFits(fd, step.value) ? step.value : "unusable";
  }
}

/** Identity of a file among all of this machine. */
export function identityOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

/**
 * The magic of a file; undefined for a file that is still empty.
 *
 * @throws ZodbError `EFORMAT` when it is no FileStorage
 */
export function readMagic(path: string, fd: number, size: number): string | undefined {
  if (size === 0) return undefined;
  const bytes = Buffer.alloc(MAGIC_SIZE);
  const magic = bytes.toString("latin1", 0, readAt(fd, bytes, MAGIC_SIZE, 0));
  if (magic === MAGIC_PY3 || magic === MAGIC_PY2) return magic;
  throw new ZodbError("EFORMAT", `${path} is not a FileStorage database`, {
    hint: `such a file starts with ${MAGIC_PY3} or ${MAGIC_PY2}`,
  });
}

/** Tid of the transaction that ends at an offset; 0n at the start of the file. */
export function lastTidAt(fd: number, pos: number): Tid {
  const start = transactionEndingAt(fd, pos);
  if (start === undefined) return 0n;
  const bytes = Buffer.alloc(U64);
  readAt(fd, bytes, U64, start);
  return bytes.readBigUInt64BE();
}

/** Closes the file. Extents of it are void then. */
export function closeGeneration(generation: Generation): void {
  closeSync(generation.fd);
}

/** @throws ZodbError `EDAMAGED` when the last transaction taken in is not there any more */
export function checkStillThere(generation: Generation): void {
  if (generation.pos > MAGIC_SIZE && lastTidAt(generation.fd, generation.pos) !== generation.lastTid) {
    throw damaged(generation.path, generation.pos, "the newest transaction is gone or was overwritten, which ended");
  }
}
