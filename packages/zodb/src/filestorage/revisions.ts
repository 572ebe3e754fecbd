import { noSuchObject } from "../errors/object-errors.ts";
import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import { damaged } from "./damage.ts";
import { ChainCache } from "./chain-cache.ts";
import { offsetAt, R, RECORD_HEADER, U64 } from "./format.ts";
import type { OidIndex } from "./oid-index.ts";
import { readAt } from "./read-at.ts";
import { RecordReader } from "./record-reader.ts";

/** A record of an object, by its place. */
export interface Place {
  readonly serial: Tid;
  /** Serial of the following revision; undefined: this is the newest. */
  readonly next: Tid | undefined;
  /** Where the record starts. */
  readonly offset: number;
}

/** Bytes of the file that hold the data of a revision. */
export interface DataPlace {
  readonly offset: number;
  readonly length: number;
  /** The record that holds them, or holds the back pointer 0. */
  readonly record: number;
}

/**
 * Finds revisions of objects in one file: from the index to the newest record, from there along the predecessors.
 */
export class Revisions {
  readonly #path: string;
  readonly #fd: number;
  readonly #index: OidIndex;
  readonly #chains = new ChainCache();
  readonly #reader: RecordReader;
  /** The record that was read last: its offset, or -1; where it is in the reader's bytes, and how many there are. */
  #heldAt = -1;
  #start = 0;
  #held = 0;

  /** @param limit  tells up to which offset the file does not change any more */
  constructor(path: string, fd: number, index: OidIndex, limit: () => number) {
    this.#path = path;
    this.#fd = fd;
    this.#index = index;
    this.#reader = new RecordReader(fd, limit);
  }

  /** Serial of the newest revision, a deletion included; undefined: unknown object. */
  current(oid: Oid): Tid | undefined {
    const offset = this.#index.get(oid);
    if (offset === 0) return undefined;
    this.#load(oid, offset);
    return this.#tid();
  }

  /**
   * Newest record with serial < before; `oldest` tells the oldest serial known when all are too new.
   *
   * @throws ZodbError `EPOSKEY` for an unknown object
   */
  before(oid: Oid, before: Tid): Place | { readonly oldest: Tid } {
    const newest = this.#index.get(oid);
    if (newest === 0) throw noSuchObject(oid, { before });
    this.#load(oid, newest);
    const serial = this.#tid();
    if (serial < before) return { serial, next: undefined, offset: newest };
    return this.#chains.before(oid, newest, before, (offset) => this.#link(oid, offset));
  }

  /** The record of exactly this transaction; undefined: it did not change the object. */
  exactly(oid: Oid, serial: Tid): number | undefined {
    if (this.#index.get(oid) === 0) return undefined;
    const place = this.before(oid, serial + 1n);
    return "offset" in place && place.serial === serial ? place.offset : undefined;
  }

  /** Records of an object, newest first. Nothing for an unknown object. */
  *chain(oid: Oid): Generator<{ serial: Tid; offset: number }> {
    for (let offset = this.#index.get(oid); offset !== 0;) {
      const { serial, prev } = this.#link(oid, offset);
      yield { serial, offset };
      offset = prev;
    }
  }

  /** Where the data of a record lies, back pointers followed; undefined: the record deletes the object. */
  data(oid: Oid, record: number): DataPlace | undefined {
    for (let offset = record; ;) {
      this.#load(oid, offset);
      const length = this.#offset(R.length);
      if (length !== 0) return { offset: offset + RECORD_HEADER, length, record: offset };
      const back = this.#offset(R.data);
      if (back === 0) return undefined;
      if (back >= offset) throw damaged(this.#path, offset, "back pointer to what lies behind it");
      offset = back;
    }
  }

  /** The bytes of a data place, as a buffer of its own. */
  read(place: DataPlace): Buffer {
    const bytes = Buffer.allocUnsafe(place.length);
    const inside = place.offset - this.#heldAt;
    if (this.#heldAt >= 0 && inside >= 0 && inside + place.length <= this.#held) {
      const from = this.#start + inside;
      this.#reader.bytes.copy(bytes, 0, from, from + place.length);
    } else if (readAt(this.#fd, bytes, place.length, place.offset) < place.length) {
      throw damaged(this.#path, place.offset, "data cut off");
    }
    return bytes;
  }

  /** The first bytes of a data place, as far as they were read with its header: a view that the next call overwrites. */
  headOf(place: DataPlace): Uint8Array | undefined {
    const from = place.offset - this.#heldAt;
    if (this.#heldAt !== place.record || from >= this.#held) return undefined;
    const to = Math.min(this.#held, from + place.length);
    return this.#reader.bytes.subarray(this.#start + from, this.#start + to);
  }

  /** Serial of the record at an offset that is known to hold one of this object. */
  serialAt(oid: Oid, offset: number): Tid {
    this.#load(oid, offset);
    return this.#tid();
  }

  #link(oid: Oid, offset: number): { serial: Tid; prev: number } {
    this.#load(oid, offset);
    const prev = this.#offset(R.prev);
    if (prev >= offset) throw damaged(this.#path, offset, "record whose predecessor lies behind it");
    return { serial: this.#tid(), prev };
  }

  // What was read ahead may lie past the head of the file and change: only the record itself, which does not, is taken from it.
  #load(oid: Oid, offset: number): void {
    if (this.#heldAt === offset && this.#oid() === oid) return;
    this.#heldAt = -1;
    this.#start = this.#reader.at(offset);
    this.#held = this.#reader.length;
    if (this.#held < RECORD_HEADER + 1) throw damaged(this.#path, offset, "record cut off");
    if (this.#oid() !== oid)
      throw damaged(this.#path, offset, `no record of object ${oid.toString(16).padStart(16, "0")}`);
    if (this.#offset(R.length) === 0 && this.#held < RECORD_HEADER + U64)
      throw damaged(this.#path, offset, "record cut off");
    this.#heldAt = offset;
  }

  // Fields of the record that was read last.

  #oid(): Oid {
    return this.#reader.view.getBigUint64(this.#start + R.oid);
  }

  #tid(): Tid {
    return this.#reader.view.getBigUint64(this.#start + R.tid);
  }

  #offset(field: number): number {
    return offsetAt(this.#reader.view, this.#start + field);
  }
}
