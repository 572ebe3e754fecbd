import { isZodbError, ZodbError } from "../errors/zodb-error.ts";
import { noSuchObject } from "../errors/object-errors.ts";
import type { Oid } from "../ids/oid.ts";
import { formatTid } from "../ids/tid.ts";
import type { Tid } from "../ids/tid.ts";
import { decodeRecord } from "../pickle/record.ts";
import type { DecodedRecord } from "../pickle/record.ts";
import type { Storage } from "../storage.ts";
import { footprint, recordCacheOf } from "./record-cache.ts";
import type { CachedRevision, RecordCache } from "./record-cache.ts";

/** An object as of one moment. */
export interface LoadedObject {
  readonly serial: Tid;
  /** The transaction that replaced this revision; undefined: none up to the view's moment, later ones are not looked for. */
  readonly next: Tid | undefined;
  readonly record: DecodedRecord;
}

/**
 * A database as of one transaction: it never changes, whatever is committed.
 *
 * Decoded records are kept in a cache that all views of the storage share; they are not to be changed.
 */
export class View {
  readonly storage: Storage;
  /** The last transaction that can be seen. */
  readonly at: Tid;
  private readonly cache: RecordCache;

  /**
   * @param at  the storage's newest transaction when left out
   * @throws ZodbError `ESTATE` for a moment the storage has not taken in: what it will show is not settled
   */
  constructor(storage: Storage, at: Tid = storage.lastTid(), cache: RecordCache = recordCacheOf(storage)) {
    if (at > storage.lastTid()) {
      throw new ZodbError("ESTATE", `${storage.zurl} has not seen transaction ${formatTid(at)} yet`, {
        hint: "take in new transactions (poll) first",
      });
    }
    this.storage = storage;
    this.at = at;
    this.cache = cache;
  }

  /**
   * The object, or undefined where there is none: unknown, not created yet, or deleted.
   *
   * @throws ZodbError `EDAMAGED`, `EUNSUPPORTED` for a record that cannot be decoded
   */
  load(oid: Oid): LoadedObject | undefined {
    return this.cache.at(oid, this.at) ?? this.located(oid) ?? this.read(oid);
  }

  /** As load. @throws ZodbError also `EPOSKEY`, where there is no such object */
  get(oid: Oid): LoadedObject {
    const found = this.load(oid);
    if (found === undefined) throw noSuchObject(oid, { before: this.at + 1n });
    return found;
  }

  // A file tells which revision is meant without reading it: often that one is in the cache from an earlier moment.
  private located(oid: Oid): CachedRevision | undefined {
    const { storage } = this;
    const extent = orAbsent(() => storage.locateBefore?.(oid, this.at + 1n));
    const known = extent && this.cache.bySerial(oid, extent.serial);
    return known && this.confirm(known, extent.next);
  }

  private read(oid: Oid): CachedRevision | undefined {
    const revision = orAbsent(() => this.storage.loadBefore(oid, this.at + 1n));
    if (revision === undefined) return undefined;
    const { serial, next, data } = revision;
    const known = this.cache.bySerial(oid, serial);
    if (known !== undefined) return this.confirm(known, next);
    const record = decodeRecord(data);
    const fresh = { serial, next, currentUntil: this.storage.lastTid(), record, bytes: footprint(record, data.length) };
    this.cache.add(oid, fresh);
    return fresh;
  }

  private confirm(revision: CachedRevision, next: Tid | undefined): CachedRevision {
    revision.next = next;
    revision.currentUntil = this.storage.lastTid();
    return revision;
  }
}

function orAbsent<T>(load: () => T | undefined): T | undefined {
  try {
    return load();
  } catch (error) {
    if (isZodbError(error, "EPOSKEY")) return undefined;
    throw error;
  }
}
