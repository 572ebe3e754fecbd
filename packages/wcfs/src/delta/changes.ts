import type { Oid, Tid } from "@belay/zodb";
import type { FileState } from "./snapshot.ts";

/**
 * A change of the ZBigFile object after which nothing of its content can be compared with before: it was created, deleted, or has
 * another block size or block table. Writing it again with the same state is none.
 */
export interface Epoch {
  readonly rev: Tid;
  /** undefined: the file did not exist. */
  readonly before: FileState | undefined;
  readonly after: FileState | undefined;
}

/** What one transaction, or a span of them, changed in one file. */
export interface FileChange {
  /** Empty when there is an epoch: everything is to be taken as changed then. */
  readonly blocks: ReadonlySet<number>;
  /** Whether the size may have changed: any change of the block table counts, as in the reference. */
  readonly sizeChanged: boolean;
  readonly epoch: Epoch | undefined;
}

/** What one transaction changed in one file. */
export interface FileRevision extends FileChange {
  readonly rev: Tid;
}

/** Since when a block has the content it has at some moment. */
export interface BlockRevision {
  readonly rev: Tid;
  /** false: the change lies at or before the tail of the known history, `rev` is that tail. */
  readonly exact: boolean;
}

/** An interval of block numbers: `lo` ≤ block < `hi`; the ends may be infinite. */
export interface KeyRange {
  readonly lo: number;
  readonly hi: number;
}

/** The way from the root of a block table to the place of one block. */
export interface BlockPlace {
  /** Root first. The last is the bucket, or the tree that holds its only bucket inside itself or is empty or absent. */
  readonly path: readonly Oid[];
  /** All block numbers this leaf answers for. */
  readonly leafRange: KeyRange;
  /** The block's ZBlk object; undefined: a hole. */
  readonly value: Oid | undefined;
}
