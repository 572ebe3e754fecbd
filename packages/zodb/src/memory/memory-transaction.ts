import { readConflict, writeConflict } from "../errors/object-errors.ts";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import { Z64 } from "../ids/tid.ts";
import type { Tid } from "../ids/tid.ts";
import type { StorageTransaction, TransactionMeta } from "../storage.ts";
import type { MemoryDatabase } from "./memory-database.ts";

/** One commit into an in-memory database; `ended` gets the tid, or undefined when it was aborted. */
export class MemoryTransaction implements StorageTransaction {
  private readonly database: MemoryDatabase;
  private readonly meta: TransactionMeta;
  private readonly ended: (tid: Tid | undefined) => void;
  private readonly changes = new Map<Oid, Uint8Array | undefined>();
  private open = true;

  constructor(database: MemoryDatabase, meta: TransactionMeta, ended: (tid: Tid | undefined) => void) {
    this.database = database;
    this.meta = meta;
    this.ended = ended;
  }

  store(oid: Oid, prevSerial: Tid, data: Uint8Array | undefined): void {
    this.needOpen();
    const current = this.database.currentSerial(oid);
    if (current !== prevSerial) throw writeConflict(oid, prevSerial, current);
    if (data === undefined && current === Z64) {
      throw new ZodbError("EPOSKEY", `object ${oid.toString(16)} cannot be deleted: there is none`);
    }
    this.changes.set(oid, data && Uint8Array.from(data));
  }

  checkCurrentSerial(oid: Oid, serial: Tid): void {
    this.needOpen();
    const current = this.database.currentSerial(oid);
    if (current !== serial) throw readConflict(oid, serial, current);
  }

  // The database is locked from begin on: what store and check found stays true.
  vote(): void {
    this.needOpen();
  }

  finish(): Tid {
    this.needOpen();
    this.open = false;
    const tid = this.database.commit(this.meta, this.changes);
    this.ended(tid);
    return tid;
  }

  abort(): void {
    if (!this.open) return;
    this.open = false;
    this.ended(undefined);
  }

  private needOpen(): void {
    if (!this.open) throw new ZodbError("ESTATE", "the transaction has ended");
  }
}
