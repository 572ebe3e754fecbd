import type { Oid, Tid } from "@belay/zodb";
import type { Epoch } from "../changes.ts";

/** A block table that some tracked file has now, or had in (tail, head]. */
export interface Table {
  readonly root: Oid;
  /** The files that have it at head. */
  readonly users: Set<TrackedFile>;
  /** The newest end of an era with this table; it is of use until the tail has passed it. */
  lastEnd: Tid;
}

/** A file of which something was read. */
export interface TrackedFile {
  readonly oid: Oid;
  /** undefined: the file does not exist at head. */
  table: Table | undefined;
  /** The blocks read since the last epoch. */
  readonly explicit: Set<number>;
  /** Oldest first; those ≤ trackedAt are missing until `pastRead`. */
  epochs: readonly Epoch[];
  readonly trackedAt: Tid;
  pastRead: boolean;
}

/** A time between two epochs, in which a file has one block table. */
export interface Era {
  /** The epoch it begins with; undefined: it began at or before the tail. */
  readonly epoch: Epoch | undefined;
  /** The first moment of it that is known: the epoch, or the tail. */
  readonly start: Tid;
  /** The revision of the epoch that ends it; undefined: it lasts. */
  readonly end: Tid | undefined;
  /** undefined: the file does not exist. */
  readonly root: Oid | undefined;
}

/** The eras of a file over [tail, head], oldest first; there is at least one. All its epochs have to be known. */
export function erasOf(file: TrackedFile, tail: Tid): Era[] {
  const { epochs } = file;
  const first: Era = {
    epoch: undefined,
    start: tail,
    end: epochs[0]?.rev,
    root: epochs[0] ? epochs[0].before?.blktab : file.table?.root,
  };
  const later = epochs.map((epoch, i) => ({
    epoch,
    start: epoch.rev,
    end: epochs[i + 1]?.rev,
    root: epoch.after?.blktab,
  }));
  return [first, ...later];
}
