import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import { bytesOf } from "../pickle/values.ts";
import type { DecodedRecord } from "../pickle/record.ts";
import type { Storage } from "../storage.ts";

/** A decoded revision, and for how long it is the object's newest. */
export interface CachedRevision {
  readonly serial: Tid;
  /** The transaction that replaced it, as far as known. */
  next: Tid | undefined;
  /** Where there is no next: the newest transaction it was seen to be current at. */
  currentUntil: Tid;
  readonly record: DecodedRecord;
  /** What it is taken to occupy. */
  readonly bytes: number;
}

type Generation = Map<Oid, CachedRevision[]>;

const DEFAULT_BYTES = 64 << 20;

/** Values take several times the room of the pickle they come from, byte strings none but the record's. */
const DECODED_FACTOR = 6;
const OBJECT_OVERHEAD = 200;

/** What a record and its decoded form take in memory, roughly. */
export function footprint(record: DecodedRecord, dataLength: number): number {
  return OBJECT_OVERHEAD + (bytesOf(record.state) === undefined ? dataLength * DECODED_FACTOR : dataLength);
}

/**
 * Decoded revisions, bounded by the bytes they take.
 *
 * Two generations stand in for an exact order of use: what is used moves to the young one; when that is half of the bound,
 * it becomes the old one and what was in the old one, unused since, goes.
 */
export class RecordCache {
  private readonly half: number;
  private young: Generation = new Map();
  private old: Generation = new Map();
  private youngBytes = 0;

  /** @param maxBytes  rough bound of the memory used */
  constructor(maxBytes: number = DEFAULT_BYTES) {
    this.half = maxBytes / 2;
  }

  /** The revision that is the newest one at a moment, if the cache can tell. */
  at(oid: Oid, at: Tid): CachedRevision | undefined {
    return this.find(oid, (r) => r.serial <= at && at < (r.next ?? r.currentUntil + 1n));
  }

  /** The revision that a transaction wrote. */
  bySerial(oid: Oid, serial: Tid): CachedRevision | undefined {
    return this.find(oid, (r) => r.serial === serial);
  }

  add(oid: Oid, revision: CachedRevision): void {
    const known = this.young.get(oid);
    if (known === undefined) this.young.set(oid, [revision]);
    else known.push(revision);
    this.youngBytes += revision.bytes;
    if (this.youngBytes > this.half) this.age();
  }

  private find(oid: Oid, wanted: (revision: CachedRevision) => boolean): CachedRevision | undefined {
    const young = this.young.get(oid)?.find(wanted);
    if (young !== undefined) return young;
    const old = this.old.get(oid)?.find(wanted);
    if (old !== undefined) this.add(oid, old);
    return old;
  }

  private age(): void {
    this.old = this.young;
    this.young = new Map();
    this.youngBytes = 0;
  }
}

const caches = new WeakMap<Storage, RecordCache>();

/** The cache that all views of a storage share. The first to ask says how large it is. */
export function recordCacheOf(storage: Storage, maxBytes?: number): RecordCache {
  const known = caches.get(storage);
  if (known !== undefined) return known;
  const cache = new RecordCache(maxBytes);
  caches.set(storage, cache);
  return cache;
}
