export { formatOid, oidFromBytes, oidToBytes, parseOid, ROOT_OID } from "./ids/oid.ts";
export type { Oid } from "./ids/oid.ts";
export {
  formatTid,
  MAX_TID,
  newTid,
  parseTid,
  tidFromBytes,
  tidFromUnixNs,
  tidToBytes,
  tidToUnixNs,
  Z64,
} from "./ids/tid.ts";
export type { Tid } from "./ids/tid.ts";
export { ConflictError, noSuchObject, readConflict, writeConflict } from "./errors/object-errors.ts";
export { isRetryable, isZodbError, ZodbError } from "./errors/zodb-error.ts";
export type { ZodbErrorCode } from "./errors/zodb-error.ts";
export { transactionMeta } from "./storage.ts";
export type {
  DataRecord,
  Extent,
  Invalidation,
  Revision,
  RevisionInfo,
  Storage,
  StorageTransaction,
  TransactionMeta,
  TransactionRecord,
} from "./storage.ts";
