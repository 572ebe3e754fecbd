/** One value of an index file. Strings of either Python come as bytes. */
export type IndexValue = number | null | Uint8Array | readonly IndexValue[];

/** The bytes are not the few pickle opcodes that an index file of the current form consists of. */
export class NotAnIndex extends Error {}

/**
 * Reads the pickles of an index file, one by one.
 *
 * Index files hold integers, byte strings, pairs and None, and may be hundreds of megabytes large: this reader knows nothing
 * else and copies nothing.
 */
export class IndexPickles {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @throws NotAnIndex when anything else is found, or the file ends */
  next(): IndexValue {
    const stack: IndexValue[] = [];
    const marks: number[] = [];
    for (;;) {
      const opcode = this.#byte();
      if (opcode === 0x2e /* . */) return stack.pop() ?? null;
      if (opcode === 0x28 /* ( */) marks.push(stack.length);
      else if (opcode === 0x74 /* t */) stack.push(stack.splice(marks.pop() ?? stack.length));
      else if (opcode === 0x86) stack.push(stack.splice(-2));
      else this.#simple(opcode, stack);
    }
  }

  #simple(opcode: number, stack: IndexValue[]): void {
    switch (opcode) {
      case 0x80: // protocol
      case 0x71: // q: nothing refers back to what is remembered
        this.#take(1);
        return;
      case 0x72: // r
        this.#take(4);
        return;
      case 0x4e: // N
        stack.push(null);
        return;
      case 0x43: // C
      case 0x55: // U
        stack.push(this.#take(this.#byte()));
        return;
      case 0x42: // B
      case 0x54: // T
        stack.push(this.#take(this.#take(4).readUInt32LE()));
        return;
      default:
        stack.push(this.#integer(opcode));
    }
  }

  #integer(opcode: number): number {
    switch (opcode) {
      case 0x4b: // K
        return this.#byte();
      case 0x4d: // M
        return this.#take(2).readUInt16LE();
      case 0x4a: // J
        return this.#take(4).readInt32LE();
      case 0x8a: {
        const digits = this.#take(this.#byte());
        if (digits.length > 6) throw new NotAnIndex("integer too large");
        return digits.length === 0 ? 0 : digits.readIntLE(0, digits.length);
      }
      case 0x49: // I
      case 0x4c: // L
        return this.#decimal();
      default:
        throw new NotAnIndex(`opcode ${opcode}`);
    }
  }

  #decimal(): number {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > 20) throw new NotAnIndex("integer without an end");
    const value = Number(
      this.#take(end - this.#at)
        .toString("latin1")
        .replace(/L$/, ""),
    );
    this.#take(1);
    if (!Number.isSafeInteger(value)) throw new NotAnIndex("no integer");
    return value;
  }

  #byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new NotAnIndex("cut off");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
