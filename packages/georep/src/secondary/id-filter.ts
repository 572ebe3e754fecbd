/** Bits of the filter; a million ids make one in twenty answers a false yes. */
const bits = 1 << 23;

/**
 * Tells of an id that it was never added, or that it may have been: a Bloom filter of 1 MiB, so that what is new need not be looked for in a
 * database.
 */
export class IdFilter {
  readonly #words = new Uint32Array(bits / 32);

  add(id: Uint8Array): void {
    const [first, second] = hashes(id);
    for (const at of [first, second]) this.#words[at >>> 5] = (this.#words[at >>> 5] ?? 0) | (1 << (at & 31));
  }

  /** False: it was not added. */
  mayHold(id: Uint8Array): boolean {
    const [first, second] = hashes(id);
    return this.#has(first) && this.#has(second);
  }

  #has(at: number): boolean {
    return ((this.#words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }
}

// FNV-1a, and the same mixed once more.
function hashes(id: Uint8Array): readonly [number, number] {
  let hash = 0x811c9dc5;
  for (const byte of id) hash = Math.imul(hash ^ byte, 0x01000193);
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return [(hash ^ (hash >>> 16)) & (bits - 1), ((mixed ^ (mixed >>> 13)) >>> 4) & (bits - 1)];
}
