import { noSuchObject } from "../errors/object-errors.ts";
import { isZodbError, ZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import { formatTid, MAX_TID, newTid, type Tid } from "../ids/tid.ts";
import type {
  Extent,
  Invalidation,
  Revision,
  RevisionInfo,
  Storage,
  StorageTransaction,
  TransactionMeta,
  TransactionRecord,
} from "../storage.ts";
import { DemoTransaction } from "./demo-transaction.ts";
import { historyOf } from "./history-of.ts";
import { randomOid } from "./random-oid.ts";

/**
 * A database that is never written, and one with the changes to it: together they look like one.
 *
 * An object is looked for among the changes first; what they do not have, or not yet at that moment, is the base's.
 * All transactions of the changes are newer than those of the base.
 */
export class DemoStorage implements Storage {
  readonly base: Storage;
  /** Holds the changes. */
  readonly delta: Storage;
  readonly #given = new Set<Oid>();
  #lastOid: Oid = 0n;

  /** Owns both from then on. @throws ZodbError `ESTATE` when the base is newer than changes to it */
  constructor(base: Storage, delta: Storage) {
    this.base = base;
    this.delta = delta;
    const [first] = delta.iterate();
    if (first !== undefined && first.tid <= base.lastTid()) throw baseChanged(this.zurl, base.lastTid());
  }

  get zurl(): string {
    return `demo:(${this.base.zurl})/(${this.delta.zurl})`;
  }

  get readOnly(): boolean {
    return this.delta.readOnly;
  }

  lastTid(): Tid {
    const [base, delta] = [this.base.lastTid(), this.delta.lastTid()];
    return delta > base ? delta : base;
  }

  loadBefore(oid: Oid, before: Tid): Revision | undefined {
    return this.#find(oid, before, (storage) => storage.loadBefore(oid, before));
  }

  locateBefore(oid: Oid, before: Tid): Extent | undefined {
    return this.#find(oid, before, (storage) => storage.locateBefore?.(oid, before));
  }

  #find<T extends object & { readonly next: Tid | undefined }>(
    oid: Oid,
    before: Tid,
    find: (storage: Storage) => T | undefined,
  ): T | undefined {
    const changed = this.#findChanged(oid, find);
    if (typeof changed === "object") return changed;
    try {
      const found = find(this.base);
      return found && { ...found, next: found.next ?? (changed === "later" ? this.#firstChange(oid) : undefined) };
    } catch (error) {
      // Made by a later change: it exists, but not yet then.
      if (isZodbError(error, "EPOSKEY") && changed === "later" && historyOf(this.base, oid, 1).length === 0)
        return undefined;
      throw isZodbError(error, "EPOSKEY") ? noSuchObject(oid, { before }) : error;
    }
  }

  #findChanged<T extends object>(oid: Oid, find: (storage: Storage) => T | undefined): T | "later" | "never" {
    try {
      return find(this.delta) ?? "later";
    } catch (error) {
      // Deleted by a change is not the same as never changed.
      if (!isZodbError(error, "EPOSKEY") || historyOf(this.delta, oid, 1).length > 0) throw error;
      return "never";
    }
  }

  #firstChange(oid: Oid): Tid | undefined {
    return historyOf(this.delta, oid, Infinity).at(-1)?.serial;
  }

  loadSerial(oid: Oid, serial: Tid): Uint8Array {
    return (serial > this.base.lastTid() ? this.delta : this.base).loadSerial(oid, serial);
  }

  history(oid: Oid, limit: number): RevisionInfo[] {
    const changes = historyOf(this.delta, oid, limit);
    const all = [...changes, ...(changes.length < limit ? historyOf(this.base, oid, limit - changes.length) : [])];
    if (all.length === 0 && limit > 0) throw noSuchObject(oid);
    return all;
  }

  *iterate(from: Tid = 0n, to: Tid = MAX_TID): Generator<TransactionRecord> {
    yield* this.base.iterate(from, to);
    yield* this.delta.iterate(from, to);
  }

  maxOid(): Oid {
    const [base, delta] = [this.base.maxOid(), this.delta.maxOid()];
    return delta > base ? delta : base;
  }

  /** Far from those the base may give out one day: drawn at random, then counted on. */
  newOid(): Oid {
    if (this.readOnly) throw new ZodbError("EREADONLY", `${this.zurl} is open for reading only`);
    do {
      this.#lastOid = this.#lastOid === 0n || this.#taken(this.#lastOid + 1n) ? randomOid() : this.#lastOid + 1n;
    } while (this.#taken(this.#lastOid));
    this.#given.add(this.#lastOid);
    return this.#lastOid;
  }

  #taken(oid: Oid): boolean {
    return this.#given.has(oid) || historyOf(this.delta, oid, 1).length > 0 || historyOf(this.base, oid, 1).length > 0;
  }

  /** @throws ZodbError `ESTATE` when the base, which must not change, did */
  poll(): Invalidation[] {
    if (this.base.poll().length > 0) throw baseChanged(this.zurl, this.base.lastTid());
    return this.delta.poll();
  }

  pollFd(): number {
    return this.delta.pollFd();
  }

  begin(meta: TransactionMeta): StorageTransaction {
    if (newTid(this.delta.lastTid()) <= this.base.lastTid()) {
      throw new ZodbError(
        "ESTATE",
        `${this.zurl}: the base is ahead of the clock, at ${formatTid(this.base.lastTid())}`,
        {
          hint: "set the clock, or wait: changes have to be newer than their base",
        },
      );
    }
    return new DemoTransaction(this, this.delta.begin(meta));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.delta[Symbol.asyncDispose]();
    } finally {
      await this.base[Symbol.asyncDispose]();
    }
  }
}

function baseChanged(zurl: string, tid: Tid): ZodbError {
  return new ZodbError("ESTATE", `${zurl}: the base was changed, at ${formatTid(tid)}, after changes to it were made`, {
    hint: "the base of a demo storage must not be written",
  });
}
