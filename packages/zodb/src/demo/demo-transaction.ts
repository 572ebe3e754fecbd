import { readConflict, writeConflict } from "../errors/object-errors.ts";
import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import type { Storage, StorageTransaction } from "../storage.ts";
import { historyOf } from "./history-of.ts";

/** A commit to the changes of a demo storage, compared with the base where they do not have the object. */
export class DemoTransaction implements StorageTransaction {
  readonly #storages: { readonly base: Storage; readonly delta: Storage };
  readonly #changes: StorageTransaction;

  /** @param changes  the transaction of the storage that holds the changes */
  constructor(storages: { readonly base: Storage; readonly delta: Storage }, changes: StorageTransaction) {
    this.#storages = storages;
    this.#changes = changes;
  }

  store(oid: Oid, prevSerial: Tid, data: Uint8Array | undefined): void {
    const { delta, base } = this.#serials(oid);
    if (delta !== undefined) {
      this.#changes.store(oid, prevSerial, data);
      return;
    }
    if (base !== prevSerial) throw writeConflict(oid, prevSerial, base);
    this.#changes.store(oid, 0n, data);
  }

  checkCurrentSerial(oid: Oid, serial: Tid): void {
    const { delta, base } = this.#serials(oid);
    if (delta !== undefined) this.#changes.checkCurrentSerial(oid, serial);
    else if (base !== serial) throw readConflict(oid, serial, base);
  }

  #serials(oid: Oid): { delta: Tid | undefined; base: Tid } {
    const { delta, base } = this.#storages;
    return { delta: historyOf(delta, oid, 1)[0]?.serial, base: historyOf(base, oid, 1)[0]?.serial ?? 0n };
  }

  vote(): void {
    this.#changes.vote();
  }

  finish(): Tid {
    return this.#changes.finish();
  }

  abort(): void {
    this.#changes.abort();
  }
}
