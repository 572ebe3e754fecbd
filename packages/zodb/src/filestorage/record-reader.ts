import { readAt } from "./read-at.ts";

/** A record is read with what follows it, so that most objects take one system call. */
export const RECORD_READ = 1024;

/** Bytes read at once where records are wanted that lie close together. */
const SPAN = 64 << 10;

/** A record so close to what was read together last continues it, even if others were read in between. */
const NEXT = 8 << 10;

/**
 * Reads the beginnings of records.
 *
 * Objects that belong together were mostly written together, one behind the other or the other way round. So after two reads close to each
 * other the third takes their whole neighbourhood, in the direction they went. It is kept while single records are read elsewhere: whoever goes
 * through a tree reads its nodes in between. Bytes are only used again up to where the file was known not to change any more when they
 * were read.
 */
export class RecordReader {
  /** A neighbourhood, and behind it one record by itself. */
  readonly bytes = Buffer.allocUnsafeSlow(SPAN + RECORD_READ);
  readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, SPAN + RECORD_READ);
  readonly #alone = this.bytes.subarray(SPAN);
  readonly #fd: number;
  readonly #limit: () => number;
  /** Where the neighbourhood comes from. */
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
    const step = this.#step(offset);
    this.#last = offset;
    return Math.abs(step) < SPAN ? this.#readNeighbourhood(offset, step < 0) : this.#readAlone(offset);
  }

  /** How far it is from where the reader was. */
  #step(offset: number): number {
    const [before, behind] = [offset - this.#start, offset - this.#end];
    if (this.#start < this.#end && before < 0 && before > -NEXT) return before;
    if (this.#start < this.#end && behind >= 0 && behind < NEXT) return behind;
    return offset - this.#last;
  }

  #readNeighbourhood(offset: number, isBackwards: boolean): number {
    const start = isBackwards ? Math.max(0, offset + RECORD_READ - SPAN) : offset;
    const limit = this.#limit();
    this.#start = this.#end = 0;
    const got = readAt(this.#fd, this.bytes, SPAN, start);
    this.#start = start;
    this.#end = start + got;
    // What lies before a committed record was committed before it.
    this.#settled = Math.max(limit, offset);
    this.#length = Math.max(0, Math.min(RECORD_READ, this.#end - offset));
    return offset - start;
  }

  #readAlone(offset: number): number {
    this.#length = readAt(this.#fd, this.#alone, RECORD_READ, offset);
    return SPAN;
  }
}
