import type { Writable } from "node:stream";

import { IoVector, writevRaw } from "@belay/linux";

import { descriptorOf } from "./descriptor-of.ts";

/** Most pieces of a frame. */
const mostPieces = 3;

/**
 * Writes to the descriptor of a stream whenever nothing of the stream's own waits before it: most frames go with one system call, where the stream
 * makes objects and turns for each.
 */
export class DirectOutput {
  readonly #output: Writable;
  readonly #vector = new IoVector(mostPieces);

  constructor(output: Writable) {
    this.#output = output;
  }

  /**
   * Writes what the kernel takes at once.
   *
   * @param pieces  of a frame
   * @returns what is left for the stream, which also tells what is the matter when that is all of it
   */
  write(pieces: readonly Buffer[]): readonly Buffer[] {
    const { writableLength, writable } = this.#output;
    const fd = writable && writableLength === 0 ? descriptorOf(this.#output) : undefined;
    if (fd === undefined) return pieces;
    for (const piece of pieces) if (piece.length > 0) this.#vector.add(piece);
    const written = writevRaw(fd, this.#vector);
    this.#vector.clear();
    return written <= 0 ? pieces : behind(pieces, written);
  }
}

function behind(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  const left: Buffer[] = [];
  let before = bytes;
  for (const piece of pieces) {
    if (piece.length > before) left.push(piece.subarray(before));
    before = Math.max(before - piece.length, 0);
  }
  return left;
}
