import type { Invalidation, Oid, Tid } from "@belay/zodb";
import type { BlockRevision, Epoch, FileChange, FileRevision, KeyRange } from "./changes.ts";

/**
 * The history of files over (tail, head]: which blocks changed when, for the blocks that were read.
 *
 * `FileHistory` is the implementation; this is what the server may rely on. Everything is synchronous. Methods that say so may read
 * from the database; when that fails the error passes through, and the call can be repeated.
 *
 * Errors: `EHISTORY` a moment outside [tail, head]; `EUNTRACKED` the file was never tracked; `ECORRUPT` the database
 * contradicts itself (a node with two parents, a child that is not there).
 */
export interface History {
  /** The newest transaction taken in. */
  readonly head: Tid;
  /** Nothing at or before this moment is known any more. */
  readonly tail: Tid;

  /**
   * Takes in that a block, or with `undefined` the rightmost leaf (for the size), was looked up at head. No I/O.
   *
   * @param path as lookupBlock tells it, loaded at head
   * @param zblk the block's object; undefined: a hole
   */
  track(file: Oid, blk: number | undefined, path: readonly Oid[], leafRange: KeyRange, zblk?: Oid): void;

  /**
   * Takes in the next commit and says what it changed in tracked files. Reads both sides of what changed; no I/O when nothing tracked did.
   *
   * @param event all objects the transaction changed; its tid must be above head
   * @returns every tracked block that changed, by file; other blocks of the same leaves may be among them
   */
  update(event: Invalidation): Map<Oid, FileChange>;

  /**
   * Since when the block has the content it has at `at`: there is no change in (rev, at]. May read older states when
   * blocks were tracked since the last query.
   */
  blkRevAt(file: Oid, blk: number, at: Tid): BlockRevision;

  /**
   * The changes in (lo, hi], oldest first; lo ≥ tail, hi ≤ head. If any change of a block is reported in
   * the span, all its changes there are. With `onlyExplicit` only blocks given to track() since the last epoch are told,
   * and changes in which none of them remains are left out. Before the last epoch only the epochs are told for certain:
   * of what lies between them, as much as is known.
   */
  changes(file: Oid, lo: Tid, hi: Tid, options?: { readonly onlyExplicit?: boolean }): readonly FileRevision[];

  /**
   * The tracked blocks that changed in (at, head], each with its blkRevAt(at).rev: what a watch set up at `at` has to
   * pin. After an epoch in (at, head] all tracked blocks.
   */
  pinsAt(file: Oid, at: Tid): Map<number, Tid>;

  isTracked(file: Oid): boolean;
  /** The blocks given to track() since the file's last epoch. */
  trackedBlocks(file: Oid): ReadonlySet<number>;

  /** The newest epoch in (tail, head]. May read older states of the file object on the first call. */
  lastEpoch(file: Oid): Epoch | undefined;
  /** The epochs in (lo, hi], oldest first. */
  epochsBetween(file: Oid, lo: Tid, hi: Tid): readonly Epoch[];

  /** Drops what is known at or before `cut`; tail becomes max(tail, cut). */
  forget(cut: Tid): void;
}
