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
export { openMemoryStorage } from "./memory/memory-storage.ts";
export type { MemoryOptions, MemoryStorage } from "./memory/memory-storage.ts";
export { locateBytesState } from "./pickle/locate.ts";
export type { BytesLocation } from "./pickle/locate.ts";
export { encodePickle, encodeRecord } from "./pickle/writer.ts";
export { decodePickle } from "./pickle/reader.ts";
export { decodeRecord, plainRecord, sniffClass } from "./pickle/record.ts";
export type { ClassMeta, DecodedRecord } from "./pickle/record.ts";
export {
  ByteString,
  bytesOf,
  Global,
  isTuple,
  PersistentRef,
  PyDict,
  PyFloat,
  PyList,
  PyObject,
  textOf,
} from "./pickle/values.ts";
export type { PickleTuple, PickleValue } from "./pickle/values.ts";
export { blockKeys, childIndex, int32Keys, int64Keys, objectKeys, searchKeys } from "./btree/keys.ts";
export type { KeyCodec, ObjectKey } from "./btree/keys.ts";
export { decodeBTreeNode } from "./btree/node.ts";
export type { BTreeNode, BucketNode, NodeShape, TreeNode } from "./btree/node.ts";
export { encodeBTreeNode } from "./btree/encode-node.ts";
export { FileStorage, openFileStorage } from "./filestorage/index.ts";
export type { FileStorageOptions, Generation, IndexState, Progress } from "./filestorage/index.ts";
export { BTree } from "./btree/btree.ts";
export { checkBTree } from "./btree/check.ts";
export { BLOCKS, btreeClass, IO, LL, LO, OO } from "./btree/flavour.ts";
export type { BTreeClass, Flavour } from "./btree/flavour.ts";
export { mergeBuckets } from "./btree/merge.ts";
export { databaseFiles, formatZurl, normalizeZurl, openStorage, parseZurl } from "./zurl/index.ts";
export type { OpenStorageOptions, Zurl } from "./zurl/index.ts";
export { Connection } from "./view/connection.ts";
export type { ConnectionOptions } from "./view/connection.ts";
export { RecordCache, recordCacheOf } from "./view/record-cache.ts";
export type { RootMapping } from "./view/root-mapping.ts";
export type { StoredObject } from "./view/stored-object.ts";
export { View } from "./view/view.ts";
export type { LoadedObject } from "./view/view.ts";
export { allOids } from "./view/all-oids.ts";
export { processIo, zodbCheck, zodbDump, zodbInfo, zodbLs } from "./cli/index.ts";
export type { CommandIo, ZodbCheckOptions, ZodbDumpOptions, ZodbInfoOptions, ZodbLsOptions } from "./cli/index.ts";
export { DemoStorage } from "./demo/demo-storage.ts";
