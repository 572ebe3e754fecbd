import { fstatSync, statSync } from "node:fs";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import type { StorageTransaction, TransactionMeta } from "../storage.ts";
import { identityOf, readMagic, type Generation } from "./generation.ts";
import { indexPath, writeIndexFile } from "./index-file.ts";
import type { WriteLock } from "./lock.ts";
import { FileStorageTransaction, type TransactionHome } from "./transaction.ts";

/**
 * The one writer of a FileStorage: gives out transactions, one at a time, and keeps what outlives them.
 */
export class Writer implements TransactionHome, Disposable {
  readonly generation: Generation;
  readonly syncBeforeFinish: boolean;
  readonly #lock: WriteLock;
  #open: FileStorageTransaction | undefined;
  #lastOid: Oid;
  #broken: unknown;
  #indexIsOld: boolean;

  /** @param generation  open for writing, its tail cut; closed by its owner */
  constructor(generation: Generation, lock: WriteLock, syncBeforeFinish: boolean) {
    this.generation = generation;
    this.syncBeforeFinish = syncBeforeFinish;
    this.#lock = lock;
    this.#lastOid = generation.index.maxOid();
    this.#indexIsOld = generation.indexState !== "current";
  }

  maxOid(): Oid {
    return this.generation.index.maxOid();
  }

  newOid(): Oid {
    const stored = this.maxOid();
    this.#lastOid = (stored > this.#lastOid ? stored : this.#lastOid) + 1n;
    return this.#lastOid;
  }

  begin(meta: TransactionMeta): StorageTransaction {
    const { path } = this.generation;
    if (this.#open !== undefined) throw new ZodbError("ESTATE", `${path}: another transaction is open`);
    if (this.#broken !== undefined) {
      throw new ZodbError("ESTATE", `${path} cannot be written any more after an error`, {
        cause: this.#broken,
        hint: "open it anew: what was not finished is cut off then",
      });
    }
    this.#open = new FileStorageTransaction(this, meta);
    return this.#open;
  }

  ended(changed: boolean): void {
    this.#open = undefined;
    if (changed) this.#indexIsOld = true;
  }

  breakDown(error: unknown): void {
    this.#broken = error;
  }

  /** @throws ZodbError `ESTATE` when the file is not as this writer left it: somebody wrote without taking the lock */
  checkUntouched(): void {
    const { path, fd, pos, identity } = this.generation;
    const named = statSync(path, { bigint: true, throwIfNoEntry: false });
    const size = fstatSync(fd).size;
    if (size === pos && named !== undefined && identityOf(named) === identity) return;
    const what = size === pos ? "was renamed or replaced" : `was changed (${size} bytes instead of ${pos})`;
    throw new ZodbError("ESTATE", `${path} ${what} by another program while it was open for writing`, {
      hint: "nothing was written; find out who changed it before opening it again",
    });
  }

  /** Saves the index, so that the next opening need not scan. A failure costs only that time. */
  [Symbol.dispose](): void {
    this.#open?.abort();
    try {
      if (this.#indexIsOld && this.#broken === undefined) this.#saveIndex();
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  #saveIndex(): void {
    const { path, fd, pos, index } = this.generation;
    try {
      this.checkUntouched();
      writeIndexFile(path, readMagic(path, fd, pos) ?? "", { pos, index });
    } catch (error) {
      process.emitWarning(`${indexPath(path)} was not written: ${String(error)}`, "ZodbWarning");
    }
  }
}
