import type { Oid } from "../ids/oid.ts";

const GROUP_BITS = 3;
const GROUP = 1 << GROUP_BITS;
/** Groups per slab: a slab is 256 KiB. */
const SLAB_GROUPS = 4096;
const FIRST_CAPACITY = 1024;

/**
 * Where each object's newest record lies: oid → file offset.
 *
 * Eight neighbouring oids share a group of eight offsets; groups are found through an open hash table of plain integers.
 * Objects numbered densely, as FileStorage numbers them, take about 11 bytes each; oids drawn at random (DemoStorage) at most
 * 100. Nothing in it is an object of the garbage collector but the arrays themselves.
 */
export class OidIndex {
  /** Number of objects. */
  size = 0;
  #groups = 0;
  #mask = FIRST_CAPACITY - 1;
  #high = new Uint32Array(FIRST_CAPACITY);
  #low = new Uint32Array(FIRST_CAPACITY);
  /** Number of the group plus one; 0 marks a free place. */
  #group = new Uint32Array(FIRST_CAPACITY);
  #slabs: Float64Array[] = [];
  #maxHigh = 0;
  #maxLow = 0;

  /** Offset of the newest record; 0: no such object. */
  get(oid: Oid): number {
    // Nearly all oids are small: a number is quicker to take apart than a bigint.
    const number = Number(oid);
    if (number < 0x20_0000_0000_0000) return this.getParts(Math.floor(number / 0x1_0000_0000), number >>> 0);
    return this.getParts(Number(oid >> 32n), Number(BigInt.asUintN(32, oid)));
  }

  set(oid: Oid, offset: number): void {
    this.setParts(Number(oid >> 32n), Number(BigInt.asUintN(32, oid)), offset);
  }

  /** As get, by the two halves of the oid. */
  getParts(high: number, low: number): number {
    const place = this.#find(high >>> GROUP_BITS, ((low >>> GROUP_BITS) | (high << (32 - GROUP_BITS))) >>> 0);
    const group = this.#group[place] ?? 0;
    return group === 0 ? 0 : this.#slotValue(group - 1, low & (GROUP - 1));
  }

  /** As set, by the two halves of the oid. */
  setParts(high: number, low: number, offset: number): void {
    const groupHigh = high >>> GROUP_BITS;
    const groupLow = ((low >>> GROUP_BITS) | (high << (32 - GROUP_BITS))) >>> 0;
    let place = this.#find(groupHigh, groupLow);
    if (this.#group[place] === 0) place = this.#addGroup(place, groupHigh, groupLow);
    const group = (this.#group[place] ?? 0) - 1;
    const slab = this.#slabs[Math.floor(group / SLAB_GROUPS)] ?? missing();
    const slot = (group % SLAB_GROUPS) * GROUP + (low & (GROUP - 1));
    if (slab[slot] === 0) this.size++;
    slab[slot] = offset;
    if (high > this.#maxHigh || (high === this.#maxHigh && low > this.#maxLow)) {
      this.#maxHigh = high;
      this.#maxLow = low;
    }
  }

  /** The largest oid; 0n when there is none. */
  maxOid(): Oid {
    return (BigInt(this.#maxHigh) << 32n) | BigInt(this.#maxLow);
  }

  /** Memory the index takes. */
  byteLength(): number {
    return 12 * (this.#mask + 1) + 8 * GROUP * SLAB_GROUPS * this.#slabs.length;
  }

  /** All objects in the order of their oids. Must not be changed meanwhile. */
  *entries(): Generator<[Oid, number]> {
    for (const key of this.#sortedGroups()) {
      const place = this.#find(Number(key >> 32n), Number(BigInt.asUintN(32, key)));
      const group = (this.#group[place] ?? 0) - 1;
      for (let i = 0; i < GROUP; i++) {
        const offset = this.#slotValue(group, i);
        if (offset !== 0) yield [(key << BigInt(GROUP_BITS)) | BigInt(i), offset];
      }
    }
  }

  /** About `count` objects, spread evenly over the table. */
  *sample(count: number): Generator<[Oid, number]> {
    const step = Math.max(1, Math.floor((this.#mask + 1) / count));
    for (let i = 0; i <= this.#mask; i += step) {
      let place = i;
      while (place < i + step && this.#group[place] === 0) place++;
      const group = place < i + step ? (this.#group[place] ?? 0) : 0;
      for (let slot = 0; group !== 0 && slot < GROUP; slot++) {
        const offset = this.#slotValue(group - 1, slot);
        if (offset === 0) continue;
        const key = (BigInt(this.#high[place] ?? 0) << 32n) | BigInt(this.#low[place] ?? 0);
        yield [(key << BigInt(GROUP_BITS)) | BigInt(slot), offset];
        break;
      }
    }
  }

  #sortedGroups(): BigUint64Array {
    const keys = new BigUint64Array(this.#groups);
    let count = 0;
    for (let i = 0; i <= this.#mask; i++) {
      if (this.#group[i] !== 0) keys[count++] = (BigInt(this.#high[i] ?? 0) << 32n) | BigInt(this.#low[i] ?? 0);
    }
    return keys.sort();
  }

  #slotValue(group: number, slot: number): number {
    return this.#slabs[Math.floor(group / SLAB_GROUPS)]?.[(group % SLAB_GROUPS) * GROUP + slot] ?? 0;
  }

  #find(high: number, low: number): number {
    let place = mix(high, low) & this.#mask;
    while (this.#group[place] !== 0 && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }

  #addGroup(place: number, high: number, low: number): number {
    if (this.#groups * 10 >= (this.#mask + 1) * 7) {
      this.#grow();
      place = this.#find(high, low);
    }
    if (this.#groups % SLAB_GROUPS === 0) this.#slabs.push(new Float64Array(GROUP * SLAB_GROUPS));
    this.#high[place] = high;
    this.#low[place] = low;
    this.#group[place] = ++this.#groups;
    return place;
  }

  #grow(): void {
    const [high, low, group] = [this.#high, this.#low, this.#group];
    const capacity = group.length * 2;
    this.#mask = capacity - 1;
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    this.#group = new Uint32Array(capacity);
    for (let i = 0; i < group.length; i++) {
      if (group[i] === 0) continue;
      const place = this.#find(high[i] ?? 0, low[i] ?? 0);
      this.#high[place] = high[i] ?? 0;
      this.#low[place] = low[i] ?? 0;
      this.#group[place] = group[i] ?? 0;
    }
  }
}

function mix(high: number, low: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 13);
}

function missing(): never {
  throw new RangeError("index group without a slab");
}
