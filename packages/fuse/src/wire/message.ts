/** Bytes of `struct fuse_in_header`, before the arguments of a request. */
export const requestHeaderSize = 40;

/** Bytes of `struct fuse_out_header`, before the payload of a reply or notification. */
export const replyHeaderSize = 16;

/** A message that does not hold what its request needs. It is answered with an error, never trusted. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

/**
 * One message of the kernel, read with bounds checks.
 *
 * It looks into the buffer the device was read into: whatever outlives the handling of the request is copied. Offsets
 * count from the start of the message; 32-bit fields of the protocol are aligned.
 */
export class Message {
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  /** End of the arguments, where extensions begin. */
  #end = 0;
  #total = 0;

  /** @param buffer  starts on a multiple of 4 and is reused for message after message */
  constructor(buffer: Uint8Array) {
    this.bytes = buffer;
    this.#words = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 2);
  }

  /**
   * Takes in a message that was read to the start of the buffer.
   *
   * @param length  bytes read
   * @returns false when it is no message at all: shorter than its header, or of another length than it says
   */
  accept(length: number): boolean {
    if (length < requestHeaderSize || length > this.bytes.length || this.#words[0] !== length) return false;
    const extensions = 8 * ((this.#words[9] ?? 0) & 0xffff);
    this.#total = length;
    this.#end = length - extensions;
    return this.#end >= requestHeaderSize;
  }

  /** End of the arguments. */
  get end(): number {
    return this.#end;
  }

  /** @throws MalformedMessage when the arguments have fewer than `size` bytes */
  need(size: number): void {
    if (requestHeaderSize + size > this.#end) {
      throw new MalformedMessage(`${size} bytes of arguments wanted, ${this.#end - requestHeaderSize} there`);
    }
  }

  /** A field the caller knows to be inside the arguments. */
  uint32(offset: number): number {
    return this.#words[offset >>> 2] ?? 0;
  }

  /** As {@link uint32}, signed. */
  int32(offset: number): number {
    return this.uint32(offset) | 0;
  }

  /** A field the caller knows to be inside the arguments; exact below 2^53. */
  uint64(offset: number): number {
    return this.uint32(offset + 4) * 0x1_0000_0000 + this.uint32(offset);
  }

  /** As {@link uint64}, all 64 bits. */
  bigUint64(offset: number): bigint {
    return (BigInt(this.uint32(offset + 4)) << 32n) | BigInt(this.uint32(offset));
  }

  /** As {@link uint64}, signed. */
  int64(offset: number): number {
    return this.int32(offset + 4) * 0x1_0000_0000 + this.uint32(offset);
  }

  /**
   * A copy of the bytes up to the next NUL.
   *
   * @throws MalformedMessage when there is no NUL before the arguments end
   */
  name(offset: number): Buffer {
    const end = offset >= this.#end ? -1 : this.bytes.indexOf(0, offset);
    if (end < 0 || end >= this.#end) throw new MalformedMessage("a name without end");
    return Buffer.from(this.bytes.subarray(offset, end));
  }

  /**
   * Bytes of the buffer itself, gone with the next message.
   *
   * @throws MalformedMessage when the arguments end before
   */
  window(offset: number, length: number): Uint8Array {
    if (offset + length > this.#end) {
      throw new MalformedMessage(`${length} bytes of data wanted, ${this.#end - offset} there`);
    }
    return this.bytes.subarray(offset, offset + length);
  }

  /** A copy of what follows the arguments (`total_extlen`): security contexts, supplementary groups. */
  extensions(): Buffer {
    return Buffer.from(this.bytes.subarray(this.#end, this.#total));
  }
}
