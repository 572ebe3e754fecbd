import { noSuchObject } from "../errors/object-errors.ts";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import { MAX_TID, Z64 } from "../ids/tid.ts";
import type { Tid } from "../ids/tid.ts";
import type {
  Invalidation,
  Revision,
  RevisionInfo,
  Storage,
  StorageTransaction,
  TransactionMeta,
  TransactionRecord,
} from "../storage.ts";
import { MemoryDatabase } from "./memory-database.ts";
import type { Clock, StoredRevision } from "./memory-database.ts";
import { MemoryTransaction } from "./memory-transaction.ts";

/** How an in-memory database is opened. */
export interface MemoryOptions {
  readonly readOnly?: boolean;
  /** Only heeded by whoever creates the database. */
  readonly clock?: Clock;
}

const databases = new Map<string, { database: MemoryDatabase; users: number }>();

/**
 * Opens the database of that name in this thread, or creates it. It goes when the last storage on it is disposed of.
 *
 * Each storage has its own head: what another one commits is seen after `poll`.
 *
 * @param name  the part of the zurl after `memory://`
 */
export function openMemoryStorage(name: string, options: MemoryOptions = {}): MemoryStorage {
  const entry = databases.get(name) ?? { database: new MemoryDatabase(name, options.clock), users: 0 };
  databases.set(name, entry);
  entry.users++;
  return new MemoryStorage(entry.database, options.readOnly ?? false, () => {
    if (--entry.users === 0) databases.delete(name);
  });
}

/** A database that lives in memory, for tests and for `memory://` zurls: full history, no undo, no pack. */
export class MemoryStorage implements Storage {
  readonly zurl: string;
  readonly readOnly: boolean;
  private readonly database: MemoryDatabase;
  private readonly release: () => void;
  private readonly own = new Set<Tid>();
  private last: Tid;
  /** Transactions that poll has gone through. */
  private polled: number;
  private closed = false;

  constructor(database: MemoryDatabase, readOnly: boolean, release: () => void) {
    this.database = database;
    this.zurl = `memory://${database.name}`;
    this.readOnly = readOnly;
    this.release = release;
    this.last = database.lastTid();
    this.polled = database.transactions.length;
  }

  lastTid(): Tid {
    return this.last;
  }

  loadBefore(oid: Oid, before: Tid): Revision | undefined {
    const revisions = this.known(oid);
    const i = revisions.findLastIndex((revision) => revision.serial < before);
    const revision = revisions[i];
    if (revision === undefined) return undefined;
    if (revision.data === undefined) throw noSuchObject(oid, { before });
    return { serial: revision.serial, next: revisions[i + 1]?.serial, data: revision.data };
  }

  loadSerial(oid: Oid, serial: Tid): Uint8Array {
    const data = this.known(oid).find((revision) => revision.serial === serial)?.data;
    if (data === undefined) throw noSuchObject(oid, { serial });
    return data;
  }

  history(oid: Oid, limit: number): RevisionInfo[] {
    const known = this.known(oid);
    const newest = known.slice(Math.max(0, known.length - limit)).reverse();
    return newest.map(({ serial, data, transaction: { user, description, extension } }) => ({
      serial,
      size: data?.length ?? 0,
      user,
      description,
      extension,
    }));
  }

  iterate(from: Tid = Z64, to: Tid = MAX_TID): Iterable<TransactionRecord> {
    const end = to < this.last ? to : this.last;
    return this.database.transactions.filter(({ tid }) => tid >= from && tid <= end);
  }

  maxOid(): Oid {
    return this.database.maxOid();
  }

  newOid(): Oid {
    this.needWritable();
    return this.database.newOid();
  }

  poll(): Invalidation[] {
    const changes = this.database.changesFrom(this.polled);
    this.polled += changes.length;
    this.last = this.database.lastTid();
    return changes.filter(({ tid }) => !this.own.delete(tid));
  }

  pollFd(): number {
    return -1;
  }

  begin(meta: TransactionMeta): StorageTransaction {
    this.needWritable();
    if (this.database.committer !== undefined) {
      throw new ZodbError("ESTATE", `${this.zurl} has another transaction open`, { hint: "finish or abort it first" });
    }
    this.database.committer = this;
    return new MemoryTransaction(this.database, meta, (tid) => {
      this.database.committer = undefined;
      if (tid !== undefined) this.finished(tid);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.closed) this.release();
    this.closed = true;
    return Promise.resolve();
  }

  private finished(tid: Tid): void {
    this.last = tid;
    this.own.add(tid);
  }

  private needWritable(): void {
    if (this.closed) throw new ZodbError("ESTATE", `${this.zurl} is closed`);
    if (this.readOnly) throw new ZodbError("EREADONLY", `${this.zurl} was opened for reading only`);
  }

  // What this storage has not taken in yet does not exist for it.
  private known(oid: Oid): readonly StoredRevision[] {
    const all = this.database.revisions(oid);
    if (this.last === this.database.lastTid()) return all;
    const known = all.filter((revision) => revision.serial <= this.last);
    if (known.length === 0) throw noSuchObject(oid);
    return known;
  }
}
