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
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly #fd: number;
  /** Bytes at and past this offset are never looked at. */
  readonly #limit: number;
  #start = 0;
  #length = 0;
  #reach = SMALLEST;

  /**
   * @param limit  end of what may be read, a file offset
   * @param from  where the walk starts: a short walk takes little memory
   */
  constructor(fd: number, limit: number, from = 0) {
    this.#fd = fd;
    this.#limit = limit;
    this.bytes = Buffer.allocUnsafeSlow(Math.max(SMALLEST, Math.min(LARGEST, limit - from)));
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
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
    this.#reach = dense ? Math.min(this.#reach * 4, this.bytes.length) : SMALLEST;
    const count = Math.min(Math.max(this.#reach, length), this.#limit - offset);
    this.#start = offset;
    this.#length = readAt(this.#fd, this.bytes, count, offset);
    return this.#length < length ? -1 : 0;
  }
}
