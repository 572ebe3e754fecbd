import type { Oid } from "./ids/oid.ts";
import type { Tid } from "./ids/tid.ts";

/** One revision of one object. */
export interface Revision {
  /** The transaction that wrote it. */
  readonly serial: Tid;
  /** The transaction that wrote the following revision; undefined: this one is the newest. */
  readonly next: Tid | undefined;
  /** Two pickles, see `decodeRecord`. May be a view of a larger buffer: not to be changed. */
  readonly data: Uint8Array;
}

/** Where the bytes of a revision lie, for storages that are files: they can be served from there without being copied. */
export interface Extent {
  readonly serial: Tid;
  readonly next: Tid | undefined;
  /** Open for reading; stays so until the storage is disposed of, or a file storage has been packed several times since. */
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
  /** The first bytes, where finding the place has brought them along: a view that the next call of the storage overwrites. */
  readonly head?: Uint8Array | undefined;
}

/** What one transaction changed. */
export interface Invalidation {
  readonly tid: Tid;
  readonly oids: readonly Oid[];
}

/** What a transaction says about itself. Any may be empty; extension is a pickled dict or empty, passed through as it is. */
export interface TransactionMeta {
  /** UTF-8. */
  readonly user: Uint8Array;
  /** UTF-8. */
  readonly description: Uint8Array;
  readonly extension: Uint8Array;
}

/** One object's data in a transaction. */
export interface DataRecord {
  readonly oid: Oid;
  readonly tid: Tid;
  /** undefined: the object is deleted, or its creation undone, by this transaction. */
  readonly data: Uint8Array | undefined;
  /** The earlier transaction whose data this record repeats, when the storage says so (undo). */
  readonly dataTid?: Tid | undefined;
}

/** One committed transaction. */
export interface TransactionRecord extends TransactionMeta {
  readonly tid: Tid;
  /** `" "` finished, `"p"` written by a pack. */
  readonly status: string;
  /** In the order they are stored. Read lazily: valid until the storage is disposed of. */
  readonly records: Iterable<DataRecord>;
}

/** One line of an object's history. */
export interface RevisionInfo extends TransactionMeta {
  readonly serial: Tid;
  /** Bytes of the record; 0 where the transaction deleted the object. */
  readonly size: number;
}

/**
 * A transaction being committed, in two phases: any number of store and checkCurrentSerial, then vote, then finish or
 * abort. Before finish nobody sees it. Any call that throws leaves the transaction to be aborted.
 */
export interface StorageTransaction {
  /**
   * @param prevSerial  the revision the new data is based on; 0n: the object is new
   * @param data  the record; undefined deletes the object
   * @throws ConflictError `ECONFLICT` when the newest revision is another one. The transaction remains usable: the caller may merge
   *   and store again on top of `current`
   */
  store(oid: Oid, prevSerial: Tid, data: Uint8Array | undefined): void;
  /** @throws ConflictError `EREADCONFLICT` (here or in vote) when the newest revision is another one */
  checkCurrentSerial(oid: Oid, serial: Tid): void;
  /** After it returned, finish cannot fail for a reason foreseeable. */
  vote(): void;
  /** Makes the transaction durable and visible. Without a vote it votes first. */
  finish(): Tid;
  /** Forgets it all. Allowed at any moment, also after an error; does nothing after finish. */
  abort(): void;
}

/**
 * A database: revisions of objects, by transaction.
 *
 * Loads are synchronous: the caller is a thread that may block. What other writers commit is not seen before `poll`
 * takes it in, so that whoever follows a database decides when its head moves.
 */
export interface Storage extends AsyncDisposable {
  readonly zurl: string;
  readonly readOnly: boolean;
  /** Newest transaction this object has taken in; 0n for an empty database. Moves only in poll() and finish(). */
  lastTid(): Tid;
  /**
   * Newest revision with serial < before.
   *
   * @returns undefined: the object exists, but not yet then
   * @throws ZodbError `EPOSKEY`: unknown object, or deleted then
   */
  loadBefore(oid: Oid, before: Tid): Revision | undefined;
  /** The data that exactly this transaction wrote. @throws ZodbError `EPOSKEY` */
  loadSerial(oid: Oid, serial: Tid): Uint8Array;
  /** As loadBefore without reading the data; absent on storages that are not files. */
  locateBefore?(oid: Oid, before: Tid): Extent | undefined;
  /** Newest first, at most `limit`. @throws ZodbError `EPOSKEY` */
  history(oid: Oid, limit: number): RevisionInfo[];
  /** Transactions with from <= tid <= to, oldest first. */
  iterate(from?: Tid, to?: Tid): Iterable<TransactionRecord>;
  /** The largest oid known; 0n for an empty database. */
  maxOid(): Oid;
  /** An oid nobody has been given before. @throws ZodbError `EREADONLY` */
  newOid(): Oid;
  /**
   * Takes in what others committed since, in tid order, without gaps. Never blocks for long.
   *
   * Transactions finished through this very object are not among them: finish() told their tid.
   */
  poll(): Invalidation[];
  /** Becomes readable when poll() may find something; -1 where the storage cannot tell. */
  pollFd(): number;
  /** @throws ZodbError `EREADONLY`, or `ESTATE` while another transaction of this object is open */
  begin(meta: TransactionMeta): StorageTransaction;
}

/** Metadata from text; what is left out is empty. */
export function transactionMeta(
  text: { user?: string; description?: string; extension?: Uint8Array } = {},
): TransactionMeta {
  return {
    user: Buffer.from(text.user ?? ""),
    description: Buffer.from(text.description ?? ""),
    extension: text.extension ?? new Uint8Array(0),
  };
}
