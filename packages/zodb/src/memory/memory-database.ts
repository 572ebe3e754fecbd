import { noSuchObject } from "../errors/object-errors.ts";
import { ROOT_OID } from "../ids/oid.ts";
import type { Oid } from "../ids/oid.ts";
import { newTid, Z64 } from "../ids/tid.ts";
import type { Tid } from "../ids/tid.ts";
import type { DataRecord, Invalidation, TransactionMeta, TransactionRecord } from "../storage.ts";

/** A revision as the database keeps it; without data the transaction deleted the object. */
export interface StoredRevision {
  readonly serial: Tid;
  readonly data: Uint8Array | undefined;
  readonly transaction: TransactionRecord;
}

/** The time in nanoseconds since 1970, for the tids of new transactions. */
export type Clock = () => bigint;

/** What all storages opened on one in-memory database share. Nothing is ever packed away. */
export class MemoryDatabase {
  readonly name: string;
  readonly transactions: TransactionRecord[] = [];
  /** The storage whose transaction is being committed. */
  committer: object | undefined;
  private readonly objects = new Map<Oid, StoredRevision[]>();
  private readonly clock: Clock | undefined;
  private largestOid: Oid = ROOT_OID;

  constructor(name: string, clock?: Clock) {
    this.name = name;
    this.clock = clock;
  }

  lastTid(): Tid {
    return this.transactions.at(-1)?.tid ?? Z64;
  }

  maxOid(): Oid {
    return this.largestOid;
  }

  newOid(): Oid {
    return ++this.largestOid;
  }

  /** Oldest first. @throws ZodbError `EPOSKEY` */
  revisions(oid: Oid): readonly StoredRevision[] {
    const found = this.objects.get(oid);
    if (found === undefined) throw noSuchObject(oid);
    return found;
  }

  /** Serial of the newest revision, be it a deletion; 0n where there is none. */
  currentSerial(oid: Oid): Tid {
    return this.objects.get(oid)?.at(-1)?.serial ?? Z64;
  }

  commit(meta: TransactionMeta, changes: ReadonlyMap<Oid, Uint8Array | undefined>): Tid {
    const tid = newTid(this.lastTid(), this.clock?.());
    const records: DataRecord[] = [...changes].map(([oid, data]) => ({ oid, tid, data }));
    const { user, description, extension } = meta;
    const transaction = { tid, status: " ", user, description, extension, records };
    for (const { oid, data } of records) {
      const revision = { serial: tid, data, transaction };
      const known = this.objects.get(oid);
      if (known === undefined) this.objects.set(oid, [revision]);
      else known.push(revision);
      if (oid > this.largestOid) this.largestOid = oid;
    }
    this.transactions.push(transaction);
    return tid;
  }

  /** What the transactions from an index on changed. */
  changesFrom(index: number): Invalidation[] {
    return this.transactions
      .slice(index)
      .map(({ tid, records }) => ({ tid, oids: Array.from(records, (record) => record.oid) }));
  }
}
