import { addressOf } from "./mapping.ts";

/**
 * Memory that stays where it is, with its address, for hot loops: a system call takes a number far faster than a typed array.
 *
 * The address is true as long as somebody refers to this.
 */
export class FixedMemory {
  readonly bytes: Buffer;
  #address = 0;

  /** @param size  bytes, zeroes to begin with */
  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
  }

  /** Address of the first byte. */
  get address(): number {
    return this.#address === 0 ? (this.#address = addressOf(this.bytes)) : this.#address;
  }

  /**
   * Address of room for bytes: what the kernel writes there is checked by nobody else.
   *
   * @throws RangeError when not all of it is in this memory
   */
  room(at: number, length: number): number {
    if (at < 0 || at + length > this.bytes.length) throw new RangeError(`no room for ${length} bytes at ${at}`);
    return this.address + at;
  }
}
