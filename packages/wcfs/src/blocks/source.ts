import type { Tid } from "@belay/zodb";
import { pieceWeight, readPiece } from "./piece.ts";
import type { PlacedPiece } from "./piece.ts";

/**
 * Where the bytes of one block come from, as of one revision of it.
 *
 * Reading is synchronous and may be for any part. What a source does not know yet about its parts it finds out when they are first read.
 */
export interface BlockSource {
  /** The block has not changed after this: the newest serial among its way through the tree and its object. */
  readonly revMax: Tid;
  /** Bytes of the heap it holds, roughly; grows as it learns. */
  readonly weight: number;
  /**
   * Fills all of `target` with the block's bytes from `from` on: zeros where nothing is stored.
   *
   * @throws when a part that is needed is damaged; other parts can still be read
   */
  fill(target: Uint8Array, from: number): void;
  /** Everything that is stored of the block, in order, without overlaps; the rest is zeros. @throws as fill */
  pieces(): PlacedPiece[];
}

/** A block nobody has written: zeros. */
export function holeSource(revMax: Tid): BlockSource {
  return { revMax, weight: 64, fill: (target) => void target.fill(0), pieces: () => [] };
}

/** A block whose bytes are one run from its start (ZBlk0). */
export function wholeSource(revMax: Tid, piece: PlacedPiece["piece"]): BlockSource {
  return {
    revMax,
    weight: 128 + pieceWeight(piece),
    fill: (target, from) => fillFrom([{ at: 0, piece }], target, from),
    pieces: () => [{ at: 0, piece }],
  };
}

/** Fills `target`, which begins at byte `from` of the block, from ascending pieces, and with zeros between them. */
export function fillFrom(pieces: readonly PlacedPiece[], target: Uint8Array, from: number): void {
  const to = from + target.length;
  let done = from;
  for (const { at, piece } of pieces) {
    const start = Math.max(at, from);
    const end = Math.min(at + piece.length, to);
    if (start >= end) continue;
    if (start > done) target.fill(0, done - from, start - from);
    readPiece(piece, target.subarray(start - from, end - from), start - at);
    done = end;
  }
  if (done < to) target.fill(0, done - from);
}
