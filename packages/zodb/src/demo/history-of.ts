import { isZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import type { RevisionInfo, Storage } from "../storage.ts";

/** Newest first; nothing for an object that is not there. */
export function historyOf(storage: Storage, oid: Oid, limit: number): RevisionInfo[] {
  try {
    return storage.history(oid, limit);
  } catch (error) {
    if (isZodbError(error, "EPOSKEY")) return [];
    throw error;
  }
}
