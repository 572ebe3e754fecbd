import { ErrnoError, errno } from "@belay/linux";
import { BelayError } from "@belay/supervise";
import type { Oid, Tid } from "@belay/zodb";
import { formatOid } from "@belay/zodb";
import { lookupLast } from "../delta/index.ts";
import type { LastPlace } from "../delta/index.ts";
import type { Moment } from "./database.ts";
import { readFileState } from "./states.ts";

/** The state of a file at some moment. */
export interface OpenedFile {
  readonly blksize: number;
  readonly blktab: Oid;
  /** Bytes; beyond 2^53 exact only as far as it is a multiple of a power of two. */
  readonly size: number;
  /** When the ZBigFile object itself was written. */
  readonly serial: Tid;
  /** What the size depends on. */
  readonly last: LastPlace;
}

const MAX_SIZE = (1n << 63n) - 1n;

/**
 * Reads a ZBigFile.
 *
 * @throws ErrnoError `EINVAL` when there is no such object then, or it is something else; otherwise what is wrong with it
 */
export function openFile(moment: Moment, oid: Oid): OpenedFile {
  const record = moment.record(oid);
  const state = record === undefined ? undefined : readFileState(record, oid);
  if (record === undefined || state === undefined) throw new ErrnoError(errno.EINVAL, "lookup", formatOid(oid));
  if (state.blksize > Number.MAX_SAFE_INTEGER) throw tooLarge(oid);
  const file = { blksize: Number(state.blksize), blktab: state.blktab };
  return { ...file, ...measure(moment, oid, file), serial: record.serial };
}

/** The size of a file, and what it depends on. */
export function measure(
  moment: Moment,
  oid: Oid,
  file: { readonly blksize: number; readonly blktab: Oid },
): { readonly size: number; readonly last: LastPlace } {
  const last = lookupLast(moment, file.blktab);
  const size = BigInt((last.last ?? -1) + 1) * BigInt(file.blksize);
  if (size > MAX_SIZE || size < 0n) throw tooLarge(oid);
  return { size: Number(size), last };
}

function tooLarge(oid: Oid): BelayError {
  return new BelayError("ETOOLARGE", `file ${formatOid(oid)} is larger than any file can be`);
}
