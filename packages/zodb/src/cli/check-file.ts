import { isZodbError } from "../errors/zodb-error.ts";
import { damaged } from "../filestorage/damage.ts";
import { isFinished, MAGIC_SIZE, STATUS, T, TRANSACTION_HEADER, U64 } from "../filestorage/format.ts";
import { readTransaction, recordsOf, type RecordPlace, type TransactionPlace } from "../filestorage/iterate.ts";
import { OidIndex } from "../filestorage/oid-index.ts";
import { readAt } from "../filestorage/read-at.ts";
import { headerLength } from "../filestorage/scan.ts";
import { endsLikeTransaction, goesOnBehind, transactionEndingAt } from "../filestorage/walk-back.ts";
import { formatOid } from "../ids/oid.ts";
import { formatTid, type Tid } from "../ids/tid.ts";

/** Something wrong with a file. */
export interface Problem {
  /** Where in the file. */
  readonly offset: number;
  readonly what: string;
}

/** What a check of the structure found out on its way. */
export interface FileCheck {
  /** Every object's newest record, as the records themselves tell. */
  readonly index: OidIndex;
  readonly transactions: number;
  readonly records: number;
  /** End of the last finished transaction. */
  readonly end: number;
  /** What follows it, when there is something that a writer will cut off. */
  readonly tail: string | undefined;
}

/**
 * Goes through every transaction and record of a file and tells all that is wrong. It goes on behind damage wherever
 * the file tells where that ends.
 *
 * @param report  called for each problem
 * @param progress  called with bytes gone through since the last call
 */
export class FileChecker {
  readonly index = new OidIndex();
  readonly #path: string;
  readonly #fd: number;
  readonly #size: number;
  readonly #report: (problem: Problem) => void;
  #lastTid: Tid = 0n;
  #packed = false;
  #gap = false;
  #transactions = 0;
  #records = 0;

  constructor(path: string, fd: number, size: number, report: (problem: Problem) => void) {
    this.#path = path;
    this.#fd = fd;
    this.#size = size;
    this.#report = report;
  }

  /** @returns what was found; each step tells how far it is */
  *run(): Generator<number, FileCheck> {
    let pos = MAGIC_SIZE;
    let tail: string | undefined;
    while (pos < this.#size) {
      tail = this.#tailAt(pos);
      if (tail !== undefined) break;
      const next = this.#transaction(pos) ?? this.#resume(pos);
      if (next === undefined) break;
      pos = next;
      yield pos;
    }
    return { index: this.index, transactions: this.#transactions, records: this.#records, end: pos, tail };
  }

  /** What a crash leaves, or a writer is at; undefined: a transaction, sound or not. */
  #tailAt(pos: number): string | undefined {
    const left = this.#size - pos;
    const header = Buffer.alloc(TRANSACTION_HEADER);
    if (readAt(this.#fd, header, Math.min(left, header.length), pos) < header.length)
      return `${left} bytes, less than a transaction`;
    const length = header.readBigUInt64BE(T.length);
    const isVoted = header[T.status] === STATUS.inProgress;
    if (isVoted || length + 8n > left) {
      // A crash leaves its debris at the very end.
      if (goesOnBehind(this.#fd, this.#size, pos)) return undefined;
      return isVoted
        ? `${left} bytes, a transaction that is not finished`
        : `${left} bytes, a transaction that is cut off`;
    }
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    if (length >= headerLength(view, 0) || endsLikeTransaction(this.#fd, this.#size, pos)) return undefined;
    return `${left} bytes, no transaction`;
  }

  /** @returns where the next one starts; undefined: that cannot be told */
  #transaction(pos: number): number | undefined {
    try {
      const transaction = readTransaction(this.#path, this.#fd, pos);
      this.#header(transaction);
      const end = transaction.recordsEnd + U64;
      if (end > this.#size || transactionEndingAt(this.#fd, end) !== pos)
        throw damaged(this.#path, transaction.recordsEnd, "wrong length after a transaction");
      this.#recordsOf(transaction);
      this.#transactions++;
      return end;
    } catch (error) {
      if (!isZodbError(error, "EDAMAGED")) throw error;
      this.#tell(pos, error.message);
      return undefined;
    }
  }

  #header({ tid, status, offset }: TransactionPlace): void {
    if (!isFinished(status))
      this.#tell(offset, `transaction with status ${JSON.stringify(String.fromCharCode(status))}`);
    if (tid <= this.#lastTid) this.#tell(offset, `transaction ${formatTid(tid)} not newer than the one before it`);
    if (status === STATUS.packed) this.#packed = true;
    this.#lastTid = tid;
  }

  #recordsOf(transaction: TransactionPlace): void {
    const own = new Map<bigint, number>();
    for (const record of recordsOf(this.#path, this.#fd, transaction)) {
      const length = record.length === 0 ? U64 : record.length;
      if (record.offset + 42 + length > transaction.recordsEnd) {
        this.#tell(record.offset, "record longer than its transaction");
        break;
      }
      this.#record(record, transaction);
      own.set(record.oid, record.offset);
      this.#records++;
    }
    if (transaction.status === STATUS.undone) return;
    for (const [oid, offset] of own) this.index.set(oid, offset);
  }

  #record(record: RecordPlace, transaction: TransactionPlace): void {
    const tell = (what: string) => this.#tell(record.offset, `record of object ${formatOid(record.oid)}: ${what}`);
    const header = Buffer.alloc(42);
    readAt(this.#fd, header, header.length, record.offset);
    if (record.tid !== transaction.tid)
      tell(`tid ${formatTid(record.tid)} in transaction ${formatTid(transaction.tid)}`);
    if (header.readBigUInt64BE(24) !== BigInt(transaction.offset)) tell("says it belongs to another transaction");
    if (header.readUInt16BE(32) !== 0) tell("has a version");
    const known = this.index.get(record.oid);
    // Behind damage the record it follows may be one that was not seen.
    const excused = this.#gap || (record.prev === 0 && this.#packed);
    if (record.prev !== known && !excused) tell(`follows the record at ${record.prev}, not the one at ${known}`);
    if (record.back !== 0 && !this.#holds(record.back, record.oid))
      tell(`points back to ${record.back}, where no record of it is`);
  }

  #holds(offset: number, oid: bigint): boolean {
    const bytes = Buffer.alloc(U64);
    return readAt(this.#fd, bytes, U64, offset) === U64 && bytes.readBigUInt64BE() === oid;
  }

  // From the end of the file, transactions are found by the lengths behind them, down to the damage.
  #resume(pos: number): number | undefined {
    let start: number | undefined;
    for (let end = this.#size; ;) {
      const before = transactionEndingAt(this.#fd, end);
      if (before === undefined || before <= pos) break;
      start = end = before;
    }
    this.#gap = true;
    if (start === undefined) this.#tell(pos, `nothing readable in the rest, ${this.#size - pos} bytes`);
    else this.#tell(pos, `${start - pos} bytes left out`);
    return start;
  }

  #tell(offset: number, what: string): void {
    this.#report({ offset, what });
  }
}
