import { readAt } from "./read-at.ts";

/** A record is read with what follows it, so that most objects take one system call. */
export const RECORD_READ = 512;

/** Bytes read at once where records are wanted that lie close together. */
const SPAN = 64 << 10;

/**
 * Reads the beginnings of records.
 *
 * Objects that belong together were mostly written together, one behind the other or the other way round. So after two reads close to each
 * other the third takes their whole neighbourhood, in the direction they went. Bytes are only used again up to where the file was
 * known not to change any more when they were read.
 */
export class RecordReader {
  readonly bytes = Buffer.allocUnsafeSlow(SPAN);
  readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, SPAN);
  readonly #fd: number;
  readonly #limit: () => number;
  /** Where `bytes` come from. */
  #start = 0;
  #end = 0;
  /** Records that start before this offset may be taken from `bytes` later, too. */
  #settled = 0;
  #last = -Infinity;
  #length = 0;

  /** @param limit  tells up to which offset the file does not change any more */
  constructor(fd: number, limit: () => number) {
    this.#fd = fd;
    this.#limit = limit;
  }

  /** Bytes that the last call of {@link at} found, at most {@link RECORD_READ}. */
  get length(): number {
    return this.#length;
  }

  /**
   * Brings the first bytes of a record into memory.
   *
   * @param offset  of a record that was committed
   * @returns where they start in `bytes` and `view`, valid until the next call. Fewer than {@link RECORD_READ} mean the end of the file
   */
  at(offset: number): number {
    const inside = offset - this.#start;
    if (inside >= 0 && offset < this.#settled && offset + RECORD_READ <= this.#end) {
      this.#length = RECORD_READ;
      return inside;
    }
    return this.#read(offset);
  }

  #read(offset: number): number {
    const step = offset - this.#last;
    this.#last = offset;
    const isNear = Math.abs(step) < SPAN;
    const start = isNear && step < 0 ? Math.max(0, offset + RECORD_READ - SPAN) : offset;
    const wanted = isNear ? SPAN : RECORD_READ;
    const limit = this.#limit();
    this.#start = this.#end = 0;
    const got = readAt(this.#fd, this.bytes, wanted, start);
    this.#start = start;
    this.#end = start + got;
    // What lies before a committed record was committed before it.
    this.#settled = Math.max(limit, offset);
    this.#length = Math.max(0, Math.min(RECORD_READ, this.#end - offset));
    return offset - start;
  }
}
