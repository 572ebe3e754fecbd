import type { Oid } from "@belay/zodb";
import { isInFile } from "./piece.ts";
import type { Piece } from "./piece.ts";

/**
 * Neighbouring chunks of a block: where each begins in the block, its object, and where its bytes are, once that is known.
 *
 * There may be hundreds of thousands. So they are kept as plain numbers, which the garbage collector neither follows nor moves one by one.
 */
export class Chunks {
  static readonly none = new Chunks([], []);
  /** Of their first bytes, in the block; ascending. */
  readonly offsets: readonly number[];
  readonly #oids: readonly (number | Oid)[];
  /** Offset in the database's file; NaN: not there, or not known. */
  readonly #places: number[];
  readonly #lengths: number[];
  #fd = -1;
  #others: Map<number, Piece> | undefined;

  constructor(offsets: readonly number[], oids: readonly Oid[]) {
    this.offsets = offsets;
    this.#oids = oids.every((oid) => oid <= Number.MAX_SAFE_INTEGER) ? oids.map(Number) : oids;
    this.#places = new Array<number>(offsets.length).fill(NaN);
    this.#lengths = new Array<number>(offsets.length).fill(0);
  }

  /** How many of the chunks begin at or before an offset. */
  after(offset: number): number {
    let [low, high] = [0, this.offsets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.offsets[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  oid(i: number): Oid {
    return BigInt(this.#oids[i] ?? 0);
  }

  /** The bytes of a chunk; undefined: not yet known. */
  piece(i: number): Piece | undefined {
    const offset = this.#places[i] ?? NaN;
    if (offset >= 0) return { fd: this.#fd, offset, length: this.#lengths[i] ?? 0 };
    return this.#others?.get(i);
  }

  setPiece(i: number, piece: Piece): void {
    if (isInFile(piece) && (this.#fd < 0 || this.#fd === piece.fd)) {
      this.#fd = piece.fd;
      this.#places[i] = piece.offset;
      this.#lengths[i] = piece.length;
    } else {
      (this.#others ??= new Map<number, Piece>()).set(i, piece);
    }
  }
}
