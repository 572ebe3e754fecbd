import { ConflictError } from "../errors/object-errors.ts";
import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import type { Storage, StorageTransaction, TransactionMeta } from "../storage.ts";
import type { PendingStore } from "./stored-object.ts";
import type { ReliedOn } from "./stored-tree.ts";

/** All of one transaction. */
export interface Changes {
  readonly stores: readonly PendingStore[];
  readonly reliedOn: readonly ReliedOn[];
}

/**
 * Commits, or leaves everything as it was.
 *
 * A bucket that another transaction changed as well is merged where that can be done.
 *
 * @returns the transaction's tid
 * @throws ConflictError what the changes are based on has changed: `isRetryable` says so; and whatever the storage throws
 */
export function commitChanges(storage: Storage, meta: TransactionMeta, { stores, reliedOn }: Changes): Tid {
  const transaction = storage.begin(meta);
  try {
    const written = new Set<Oid>();
    for (const each of stores) {
      store(storage, transaction, each);
      written.add(each.oid);
    }
    for (const { oid, serial } of reliedOn) {
      if (!written.has(oid)) transaction.checkCurrentSerial(oid, serial);
    }
    transaction.vote();
    return transaction.finish();
  } catch (error) {
    transaction.abort();
    throw error;
  }
}

function store(storage: Storage, transaction: StorageTransaction, pending: PendingStore): void {
  try {
    transaction.store(pending.oid, pending.serial, pending.data);
  } catch (error) {
    const merged = error instanceof ConflictError ? merge(storage, pending, error) : undefined;
    if (merged === undefined) throw error;
    transaction.store(pending.oid, merged.current, merged.data);
  }
}

function merge(
  storage: Storage,
  pending: PendingStore,
  conflict: ConflictError,
): { current: Tid; data: Uint8Array } | undefined {
  const { oid, tried, current } = conflict;
  if (pending.merge === undefined || conflict.code !== "ECONFLICT" || tried === 0n) return undefined;
  // The other transaction may not have been taken in yet: without that its data cannot be loaded.
  storage.poll();
  const data = pending.merge(storage.loadSerial(oid, tried), storage.loadSerial(oid, current));
  return data && { current, data };
}
