import type { Tid } from "@belay/zodb";
import { fillFrom } from "./fill.ts";
import { pieceWeight } from "./piece.ts";
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
  /**
   * What is stored of the bytes from `from` up to `to`, in order, without overlaps, perhaps with more on both sides; the rest is zeros.
   *
   * @throws as fill
   */
  piecesIn(from: number, to: number): readonly PlacedPiece[];
  /** Everything that is stored of the block. @throws as fill */
  pieces(): readonly PlacedPiece[];
}

/** A block nobody has written: zeros. */
export function holeSource(revMax: Tid): BlockSource {
  return { revMax, weight: 64, fill: (target) => void target.fill(0), piecesIn: () => [], pieces: () => [] };
}

/** A block whose bytes are one run from its start (ZBlk0). */
export function wholeSource(revMax: Tid, piece: PlacedPiece["piece"]): BlockSource {
  const pieces = [{ at: 0, piece }];
  return {
    revMax,
    weight: 128 + pieceWeight(piece),
    fill: (target, from) => fillFrom(pieces, target, from),
    piecesIn: () => pieces,
    pieces: () => pieces,
  };
}
