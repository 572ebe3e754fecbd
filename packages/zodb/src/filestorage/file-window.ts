import { readAt } from "./read-at.ts";

const SMALLEST = 4096;
const LARGEST = 1 << 20;

/**
 * A piece of a file in memory, for walking along its headers.
 *
 * It reads ahead generously while the walk is dense, and little after a jump over a large record: a file of 2 MiB blocks is then
 * walked without reading the blocks.
 */
export class FileWindow {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST);
  #view = viewOf(this.#bytes);
  readonly #fd: number;
  /** Bytes at and past this offset are never looked at. */
  readonly #limit: number;
  #start = 0;
  #length = 0;
  #reach = SMALLEST;

  /** @param limit  end of what may be read, a file offset */
  constructor(fd: number, limit: number) {
    this.#fd = fd;
    this.#limit = limit;
  }

  /** What the last call of {@link at} has brought in. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The same. */
  get view(): DataView {
    return this.#view;
  }

  /**
   * Brings bytes into memory.
   *
   * @param length  at most 4 KiB
   * @returns where they start in `bytes` and `view`, valid until the next call; -1: the file ends before
   */
  at(offset: number, length: number): number {
    const inside = offset - this.#start;
    if (inside >= 0 && inside + length <= this.#length) return inside;
    return this.#fill(offset, length);
  }

  #fill(offset: number, length: number): number {
    if (offset + length > this.#limit) return -1;
    const dense = offset - (this.#start + this.#length) < this.#reach;
    this.#reach = dense ? Math.min(this.#reach * 4, LARGEST) : SMALLEST;
    const count = Math.min(Math.max(this.#reach, length), this.#limit - offset);
    if (count > this.#bytes.length) this.#grow();
    this.#start = offset;
    this.#length = readAt(this.#fd, this.#bytes, count, offset);
    return this.#length < length ? -1 : 0;
  }

  // A walk over what one commit has appended never gets here: it must not leave large garbage behind each time.
  #grow(): void {
    this.#bytes = Buffer.allocUnsafeSlow(this.#reach);
    this.#view = viewOf(this.#bytes);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
