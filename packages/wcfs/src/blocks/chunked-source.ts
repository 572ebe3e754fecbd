import type { Tid } from "@belay/zodb";
import { malformed } from "../files/states.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { Chunks } from "./chunks.ts";
import type { Piece, PlacedPiece } from "./piece.ts";
import { isInFile, pieceWeight } from "./piece.ts";
import { fillFrom } from "./fill.ts";
import type { BlockSource } from "./source.ts";

/**
 * A block made of chunks (ZBlk1). Where a chunk's bytes lie is found out when a read first needs it.
 *
 * A read looks at the chunks that may have bytes in it, and only these can make it fail: chunks that overlap, and one that reaches
 * beyond the block.
 */
export class ChunkedSource implements BlockSource {
  readonly revMax: Tid;
  readonly #table: ChunkTable;
  readonly #blksize: number;
  readonly #find: (oid: bigint) => Piece;
  #placed = 0;

  /** @param find locates the bytes of a ZData */
  constructor(revMax: Tid, table: ChunkTable, blksize: number, find: (oid: bigint) => Piece) {
    this.revMax = revMax;
    this.#table = table;
    this.#blksize = blksize;
    this.#find = find;
  }

  get weight(): number {
    return 256 + 48 * this.#table.known + this.#placed;
  }

  fill(target: Uint8Array, from: number): void {
    fillFrom(this.piecesIn(from, from + target.length), target, from);
  }

  pieces(): PlacedPiece[] {
    return this.piecesIn(0, this.#blksize);
  }

  piecesIn(from: number, to: number): PlacedPiece[] {
    const pieces: PlacedPiece[] = [];
    let end = 0;
    for (const { chunks, first, end: last } of this.#table.range(from, to)) {
      for (let i = first; i < last; i++) {
        const at = chunks.offsets[i] ?? 0;
        const piece = chunks.piece(i) ?? this.#locate(chunks, i);
        if (at < end) throw malformed("ZBlk1 with chunks that overlap");
        end = at + piece.length;
        if (end > this.#blksize) throw malformed("ZBlk1 larger than a block");
        pieces.push({ at, piece });
      }
    }
    return pieces;
  }

  #locate(chunks: Chunks, i: number): Piece {
    const piece = this.#find(chunks.oid(i));
    chunks.setPiece(i, piece);
    if (!isInFile(piece)) this.#placed += pieceWeight(piece);
    return piece;
  }
}
