import type { IdHash } from "../ids/id-hash.ts";

const firstSlots = 1 << 12;

/** From this size on (a megabyte) the table doubles: before, it grows faster, as each time all is put anew. */
const large = 1 << 18;

/**
 * Which ids were added, by 64 bits of each: a false yes takes more ids than there are. For some hundred thousand of them, where text of each in a
 * Set would take five times the memory and time.
 */
export class IdTable {
  /** Two words for each slot, both 0: it is free. */
  #slots = new Uint32Array(2 * firstSlots);
  #mask = firstSlots - 1;
  #size = 0;

  add(hash: IdHash): void {
    const at = this.#find(hash.low, hash.high);
    if (this.#slots[at + 1] !== 0) return;
    this.#put(at, hash.low, hash.high);
    if (2 * ++this.#size > this.#mask) this.#grow();
  }

  /** How many were added. */
  get size(): number {
    return this.#size;
  }

  has(hash: IdHash): boolean {
    return this.#slots[this.#find(hash.low, hash.high) + 1] !== 0;
  }

  clear(): void {
    this.#slots = new Uint32Array(2 * firstSlots);
    this.#mask = firstSlots - 1;
    this.#size = 0;
  }

  /** Where it is, or belongs. */
  #find(low: number, high: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const wanted = (high | 1) >>> 0; // never that of a free slot
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const found = slots[2 * slot + 1];
      if (found === 0 || (found === wanted && slots[2 * slot] === low)) return 2 * slot;
    }
  }

  #put(at: number, low: number, high: number): void {
    this.#slots[at] = low;
    this.#slots[at + 1] = high | 1;
  }

  #grow(): void {
    const older = this.#slots;
    this.#slots = new Uint32Array((older.length < large ? 4 : 2) * older.length);
    this.#mask = this.#slots.length / 2 - 1;
    for (let at = 0; at < older.length; at += 2) {
      const low = older[at] ?? 0;
      const high = older[at + 1] ?? 0;
      if (high !== 0) this.#put(this.#find(low, high), low, high);
    }
  }
}
