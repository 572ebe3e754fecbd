import type { PlacedPiece } from "../blocks/piece.ts";

/** Bytes to be put into the kernel's cache of a file: all of a block. */
export interface StoreJob {
  /** Of the first byte, in the file. */
  readonly offset: number;
  readonly length: number;
  /** What is stored of it, in order, from the block's start; the rest is zeros. */
  readonly pieces: readonly PlacedPiece[];
}

/** A part of a file. */
export interface FileRange {
  readonly node: number;
  readonly offset: number;
  readonly length: number;
}

/** An old block to be kept: where, and its bytes. */
export interface OldBlock extends StoreJob {
  /** Of the file in its revision, below the mountpoint. */
  readonly path: string;
}

/** A changed part. */
export interface ChangedRange extends FileRange {
  /** If its bytes before are worth keeping. */
  readonly old?: OldBlock | undefined;
  /** If its bytes now shall be cached at once in the place of those before. */
  readonly fresh?: StoreJob | undefined;
}

/** What the kernel has to let go of when a commit is shown. */
export interface CommitJob {
  readonly ranges: readonly ChangedRange[];
  /** Nodes whose attributes have changed. */
  readonly attributes: readonly number[];
}

/**
 * The kernel's cache, as the serve thread sees it: it only asks, and goes on serving. Who carries the requests out waits for page locks,
 * which the replies of the serve thread release.
 *
 * When the connection has ended the callbacks may never be called: then there is no cache any more.
 */
export interface KernelCache {
  /** Puts a block into the cache of a node. @param done called later; `dropped` when it was not even tried */
  store(node: number, job: StoreJob, done: (dropped: boolean) => void): void;
  /** Drops the stores that wait and lets the one that runs finish. @param done called at once if there are none, otherwise later */
  quiesce(done: () => void): void;
  /** Asks which of the ranges have their first and their last page cached. @param done called later; a range nothing is known of is false */
  findCached(ranges: readonly FileRange[], done: (cached: readonly boolean[]) => void): void;
  /**
   * Makes the kernel forget.
   *
   * @param done called when nothing old is cached any more; with an error when that cannot be said
   */
  invalidate(job: CommitJob, done: (error: Error | undefined) => void): void;
}
