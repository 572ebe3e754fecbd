import type { DataRecord, TransactionMeta, TransactionRecord } from "../storage.ts";
import type { Tid } from "../ids/tid.ts";
import { damaged } from "./damage.ts";
import { MAGIC_SIZE, offsetAt, R, RECORD_HEADER, STATUS, T, TRANSACTION_HEADER, U64 } from "./format.ts";
import type { Generation } from "./generation.ts";
import { readAt } from "./read-at.ts";
import { transactionEndingAt } from "./walk-back.ts";

/** A transaction by its place in the file. */
export interface TransactionPlace extends TransactionMeta {
  readonly tid: Tid;
  readonly status: number;
  /** Where its header starts. */
  readonly offset: number;
  /** Where its records start. */
  readonly records: number;
  /** Where its records end. */
  readonly recordsEnd: number;
}

/** A data record by its place in the file. */
export interface RecordPlace {
  readonly oid: bigint;
  readonly tid: Tid;
  readonly offset: number;
  readonly prev: number;
  /** Length of the data; 0: a back pointer, or a deletion when that is 0 too. */
  readonly length: number;
  readonly back: number;
}

/**
 * Reads the header of a transaction, user, description and extension included.
 *
 * @throws ZodbError `EDAMAGED`
 */
export function readTransaction(path: string, fd: number, offset: number): TransactionPlace {
  const header = Buffer.alloc(TRANSACTION_HEADER);
  if (readAt(fd, header, header.length, offset) < header.length) throw damaged(path, offset, "transaction cut off");
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [user, description, extension] = [T.user, T.description, T.extension].map((at) => view.getUint16(at)) as [
    number,
    number,
    number,
  ];
  const text = Buffer.alloc(user + description + extension);
  const length = offsetAt(view, T.length);
  if (length < TRANSACTION_HEADER + text.length) throw damaged(path, offset, "no transaction");
  if (readAt(fd, text, text.length, offset + TRANSACTION_HEADER) < text.length)
    throw damaged(path, offset, "transaction cut off");
  return {
    tid: view.getBigUint64(T.tid),
    status: view.getUint8(T.status),
    offset,
    records: offset + TRANSACTION_HEADER + text.length,
    recordsEnd: offset + length,
    user: text.subarray(0, user),
    description: text.subarray(user, user + description),
    extension: text.subarray(user + description),
  };
}

/**
 * The data records of a transaction in the order of the file.
 *
 * @throws ZodbError `EDAMAGED`
 */
export function* recordsOf(path: string, fd: number, transaction: TransactionPlace): Generator<RecordPlace> {
  const bytes = Buffer.alloc(RECORD_HEADER + U64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = transaction.records; offset < transaction.recordsEnd;) {
    if (readAt(fd, bytes, bytes.length, offset) < bytes.length) throw damaged(path, offset, "record cut off");
    const length = offsetAt(view, R.length);
    const back = length === 0 ? offsetAt(view, R.data) : 0;
    if (length === Infinity || back >= offset) throw damaged(path, offset, "no record");
    yield {
      oid: view.getBigUint64(R.oid),
      tid: view.getBigUint64(R.tid),
      offset,
      prev: offsetAt(view, R.prev),
      length,
      back,
    };
    offset += RECORD_HEADER + (length === 0 ? U64 : length);
  }
}

/** Transactions of a file from an offset on, oldest first; void ones included. */
export function* transactionsFrom(generation: Generation, offset: number): Generator<TransactionPlace> {
  const { path, fd } = generation;
  for (let pos = offset; pos < generation.pos;) {
    const transaction = readTransaction(path, fd, pos);
    yield transaction;
    pos = transaction.recordsEnd + U64;
  }
}

/** Transactions of a file, newest first; void ones included. */
export function* transactionsBackwards(generation: Generation): Generator<TransactionPlace> {
  for (let end = generation.pos; end > MAGIC_SIZE;) {
    const offset = transactionEndingAt(generation.fd, end);
    if (offset === undefined) throw damaged(generation.path, end, "no transaction ends");
    yield readTransaction(generation.path, generation.fd, offset);
    end = offset;
  }
}

/**
 * Where the first transaction with tid >= from starts: the end of the file when there is none.
 *
 * Walks from the nearer end, guessed by the time the tids stand for.
 */
export function seekTid(generation: Generation, from: Tid): number {
  if (from > generation.lastTid) return generation.pos;
  const first = generation.pos > MAGIC_SIZE ? readTransaction(generation.path, generation.fd, MAGIC_SIZE).tid : from;
  if (from <= first) return MAGIC_SIZE;
  if (generation.lastTid - from < from - first) {
    let start = generation.pos;
    for (const transaction of transactionsBackwards(generation)) {
      if (transaction.tid < from) break;
      start = transaction.offset;
    }
    return start;
  }
  for (const transaction of transactionsFrom(generation, MAGIC_SIZE)) {
    if (transaction.tid >= from) return transaction.offset;
  }
  return generation.pos;
}

/** A transaction in the form of the storage contract. */
export function transactionRecord(generation: Generation, transaction: TransactionPlace): TransactionRecord {
  const { tid, user, description, extension } = transaction;
  return {
    tid,
    status: String.fromCharCode(transaction.status),
    user,
    description,
    extension,
    records: { [Symbol.iterator]: () => dataRecords(generation, transaction) },
  };
}

function* dataRecords(generation: Generation, transaction: TransactionPlace): Generator<DataRecord> {
  for (const record of recordsOf(generation.path, generation.fd, transaction)) {
    const place = generation.revisions.data(record.oid, record.offset);
    const data = place === undefined ? undefined : generation.revisions.read(place);
    const { oid, tid } = record;
    const copied = place !== undefined && place.record !== record.offset;
    yield copied ? { oid, tid, data, dataTid: generation.revisions.serialAt(oid, place.record) } : { oid, tid, data };
  }
}

/** Transactions with from <= tid <= to that are not void, oldest first. */
export function* iterate(generation: Generation, from: Tid, to: Tid): Generator<TransactionRecord> {
  for (const transaction of transactionsFrom(generation, seekTid(generation, from))) {
    if (transaction.tid > to) return;
    if (transaction.status !== STATUS.undone) yield transactionRecord(generation, transaction);
  }
}

/** Transactions that are not void, newest first. */
export function* iterateBackwards(generation: Generation): Generator<TransactionRecord> {
  for (const transaction of transactionsBackwards(generation)) {
    if (transaction.status !== STATUS.undone) yield transactionRecord(generation, transaction);
  }
}
