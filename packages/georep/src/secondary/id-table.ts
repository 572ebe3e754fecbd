const firstSlots = 1 << 12;

/**
 * Which ids were added, by 64 bits of each: a false yes takes more ids than there are. For some hundred thousand of them, where text of each in a
 * Set would take five times the memory and time. They may be parts of larger memory, and `of` something, as names are of a directory.
 */
export class IdTable {
  /** Two words for each slot, both 0: it is free. */
  #slots = new Uint32Array(2 * firstSlots);
  #mask = firstSlots - 1;
  #size = 0;
  #low = 0;
  #high = 0;

  add(bytes: Uint8Array, start = 0, end = bytes.length, of = 0): void {
    this.#hash(bytes, start, end, of);
    if (this.#find()) return;
    if (2 * ++this.#size > this.#mask) this.#grow();
    this.#put();
  }

  /** How many were added. */
  get size(): number {
    return this.#size;
  }

  has(bytes: Uint8Array, start = 0, end = bytes.length, of = 0): boolean {
    this.#hash(bytes, start, end, of);
    return this.#find();
  }

  clear(): void {
    this.#slots = new Uint32Array(2 * firstSlots);
    this.#mask = firstSlots - 1;
    this.#size = 0;
  }

  #find(): boolean {
    const [slots, mask] = [this.#slots, this.#mask];
    for (let slot = this.#low & mask; ; slot = (slot + 1) & mask) {
      const [low, high] = [slots[2 * slot] ?? 0, slots[2 * slot + 1] ?? 0];
      if (low === this.#low && high === this.#high) return true;
      if (low === 0 && high === 0) return false;
    }
  }

  #put(): void {
    const [slots, mask] = [this.#slots, this.#mask];
    let slot = this.#low & mask;
    while (slots[2 * slot] !== 0 || slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
    slots[2 * slot] = this.#low;
    slots[2 * slot + 1] = this.#high;
  }

  #grow(): void {
    const [low, high, older] = [this.#low, this.#high, this.#slots];
    this.#slots = new Uint32Array(2 * older.length);
    this.#mask = this.#slots.length / 2 - 1;
    for (let at = 0; at < older.length; at += 2) {
      [this.#low, this.#high] = [older[at] ?? 0, older[at + 1] ?? 0];
      if (this.#low !== 0 || this.#high !== 0) this.#put();
    }
    [this.#low, this.#high] = [low, high];
  }

  // Two of FNV-1a's kind, each mixed: ids of neighbours differ in a few bits.
  #hash(bytes: Uint8Array, start: number, end: number, of: number): void {
    let [one, other] = [0x811c9dc5 ^ of, 0x9747b28c + of];
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      one = Math.imul(one ^ byte, 0x01000193);
      other = Math.imul(other ^ byte, 0x5bd1e995) + one;
    }
    this.#low = mixed(one);
    this.#high = (mixed(other) | 1) >>> 0; // never that of a free slot
  }
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (half ^ (half >>> 13)) >>> 0;
}
