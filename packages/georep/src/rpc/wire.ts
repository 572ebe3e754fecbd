import { BelayError } from "@belay/supervise";

/** A message that does not have the form it has to have; the connection it came from cannot be trusted any further. */
export function malformed(what: string): BelayError {
  return new BelayError("EPROTO", `malformed message from the peer: ${what}`, {
    hint: "both ends have to run the same version of this program",
  });
}

/** A message that is shorter than it says. */
export const endsTooEarly = (): BelayError => malformed("it ends too early");

/** A message with something behind its end. */
export const goesOn = (bytes: number): BelayError => malformed(`${bytes} bytes too many`);

/** What says yes or no says something else. */
export const neitherOfBoth = (value: number): BelayError => malformed(`${value} where 0 or 1 belongs`);

const nothing = Buffer.alloc(0);

/** Puts a message together. All numbers are little-endian. */
export class WireWriter {
  #buffer: Buffer;
  #length = 0;

  /** @param buffer  memory to begin with */
  constructor(buffer: Buffer = Buffer.allocUnsafe(1024)) {
    this.#buffer = buffer;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32LE(value, at);
    return this;
  }

  /** A size or offset up to 2^53. */
  u64(value: number): this {
    const at = this.#reserve(8);
    this.#buffer.writeUInt32LE(value % 2 ** 32, at);
    this.#buffer.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
    return this;
  }

  i64(value: bigint): this {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64LE(value, at);
    return this;
  }

  /** Bytes with their length before them. */
  bytes(value: Uint8Array): this {
    this.u32(value.length);
    const at = this.#reserve(value.length);
    if (value.length > shortBytes) this.#buffer.set(value, at);
    else for (let index = 0; index < value.length; index++) this.#buffer[at + index] = value[index] ?? 0;
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  /** Bytes that are kept as Latin-1, as keys are. */
  latin1(value: string): this {
    this.u32(value.length);
    const at = this.#reserve(value.length);
    this.#buffer.write(value, at, "latin1");
    return this;
  }

  list<T>(values: readonly T[], write: (writer: this, value: T) => void): this {
    this.u32(values.length);
    for (const value of values) write(this, value);
    return this;
  }

  /** All of the memory that the message lies in by now. */
  get memory(): Buffer {
    return this.#buffer;
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(size: number): number {
    const at = this.#length;
    if (at + size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, at + size));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    this.#length = at + size;
    return at;
  }
}

/** Up to here a loop is faster than a call. */
const shortBytes = 48;

/** Takes a message apart; throws `EPROTO` rather than read past its end. Byte fields refer to the message's own bytes. */
export class WireReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw neitherOfBoth(value);
    return value === 1;
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  u64(): number {
    const at = this.#take(8);
    const high = this.#buffer.readUInt32LE(at + 4);
    if (high >= 2 ** 21) throw malformed("a size beyond 2^53");
    return high * 2 ** 32 + this.#buffer.readUInt32LE(at);
  }

  i64(): bigint {
    return this.#buffer.readBigInt64LE(this.#take(8));
  }

  /** @param most  largest length allowed; @param least  smallest */
  bytes(most: number, least = 0): Buffer {
    const length = this.u32();
    if (length > most || length < least) throw malformed(`a field of ${length} bytes`);
    const at = this.#take(length);
    return this.#buffer.subarray(at, at + length);
  }

  /** As {@link bytes}, but not part of the message: for what outlives it. */
  copy(most: number, least = 0): Buffer {
    const length = this.u32();
    if (length > most || length < least) throw malformed(`a field of ${length} bytes`);
    if (length === 0) return nothing;
    const [at, copied] = [this.#take(length), Buffer.allocUnsafe(length)];
    this.#buffer.copy(copied, 0, at, at + length);
    return copied;
  }

  /** As {@link bytes}, as Latin-1. */
  latin1(most: number, least = 0): string {
    const length = this.u32();
    if (length > most || length < least) throw malformed(`a field of ${length} bytes`);
    const at = this.#take(length);
    return this.#buffer.toString("latin1", at, at + length);
  }

  /** Length of the bytes that come next, without taking them. */
  peekLength(): number {
    const length = this.u32();
    this.#at -= 4;
    return length;
  }

  text(most: number): string {
    return this.bytes(most).toString();
  }

  /** @param most  largest number of elements allowed */
  list<T>(most: number, read: (reader: this) => T): T[] {
    const count = this.u32();
    // Every element takes a byte at least: a count that cannot be true must not make us reserve room for it.
    if (count > most || count > this.#buffer.length - this.#at) throw malformed(`a list of ${count}`);
    const values: T[] = [];
    for (let left = count; left > 0; left--) values.push(read(this));
    return values;
  }

  /** All that is left, as part of the message. */
  rest(): Buffer {
    const at = this.#at;
    this.#at = this.#buffer.length;
    return this.#buffer.subarray(at);
  }

  end(): void {
    if (this.#at !== this.#buffer.length) throw goesOn(this.#buffer.length - this.#at);
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#buffer.length) throw endsTooEarly();
    this.#at = at + size;
    return at;
  }
}
