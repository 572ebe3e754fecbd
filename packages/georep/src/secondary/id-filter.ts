/** Bits of the filter; a million ids make one in twenty answers a false yes. */
const bits = 1 << 23;

/**
 * Tells of an id that it was never added, or that it may have been: a Bloom filter of 1 MiB, so that what is new need not be looked for in a
 * database. Ids may be parts of larger memory.
 */
export class IdFilter {
  readonly #words = new Uint32Array(bits / 32);
  #first = 0;
  #second = 0;

  add(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#hash(bytes, start, end);
    this.#set(this.#first);
    this.#set(this.#second);
  }

  /** False: it was not added. */
  mayHold(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    this.#hash(bytes, start, end);
    return this.#has(this.#first) && this.#has(this.#second);
  }

  #set(at: number): void {
    this.#words[at >>> 5] = (this.#words[at >>> 5] ?? 0) | (1 << (at & 31));
  }

  #has(at: number): boolean {
    return ((this.#words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }

  // FNV-1a, and the same mixed once more.
  #hash(bytes: Uint8Array, start: number, end: number): void {
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    this.#first = (hash ^ (hash >>> 16)) & (bits - 1);
    this.#second = ((mixed ^ (mixed >>> 13)) >>> 4) & (bits - 1);
  }
}
