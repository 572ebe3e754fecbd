import type { DirectoryEntry, Entry } from "./answers.ts";
import { encodeEntry } from "./encode.ts";

const direntSize = 24;
const entrySize = 128;

/** The payload of a READDIR or READDIRPLUS reply, built entry by entry. */
export class DirectoryList {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #entryWords = new Uint32Array(entrySize / 4);
  #length = 0;

  /** @param size  most bytes, as the request says */
  constructor(size: number) {
    this.#bytes = Buffer.alloc(size);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, size);
  }

  /** What was added so far. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /**
   * Appends an entry; for READDIRPLUS with what a LOOKUP of it would answer. An entry with node 0 means: not looked up.
   *
   * @returns false when there is no room: the kernel will ask again from the last entry that fit. The lookup count of
   * an entry that did not fit is not raised
   */
  add(entry: DirectoryEntry, plus?: Entry): boolean {
    const name = typeof entry.name === "string" ? Buffer.from(entry.name) : entry.name;
    const head = plus ? entrySize : 0;
    const size = (head + direntSize + name.length + 7) & ~7;
    if (this.#length + size > this.#bytes.length) return false;
    if (plus) this.#putEntry(plus);
    const at = this.#length + head;
    this.#view.setBigUint64(at, BigInt(entry.ino), true);
    this.#view.setBigUint64(at + 8, BigInt(entry.offset), true);
    this.#view.setUint32(at + 16, name.length, true);
    this.#view.setUint32(at + 20, entry.type, true);
    this.#bytes.set(name, at + direntSize);
    this.#length += size;
    return true;
  }

  #putEntry(plus: Entry): void {
    encodeEntry(this.#entryWords, plus);
    this.#bytes.set(new Uint8Array(this.#entryWords.buffer), this.#length);
  }
}
