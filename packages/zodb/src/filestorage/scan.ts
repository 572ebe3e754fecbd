import { ZodbError } from "../errors/zodb-error.ts";
import type { Tid } from "../ids/tid.ts";
import { damaged } from "./damage.ts";
import { FileWindow } from "./file-window.ts";
import { isFinished, offsetAt, R, RECORD_HEADER, STATUS, T, TRANSACTION_HEADER, U64 } from "./format.ts";
import { endsLikeTransaction } from "./walk-back.ts";

/**
 * Why a scan came to its end.
 *
 * | stop | what follows the last finished transaction |
 * |---|---|
 * | `end` | nothing |
 * | `short` | less than a header |
 * | `in-progress` | a transaction that is voted and not finished |
 * | `incomplete` | a transaction that goes on past the end of the file |
 * | `garbage` | no header, and no sign of transactions behind it: what a crash left |
 */
export type ScanStop = "end" | "short" | "in-progress" | "incomplete" | "garbage";

/** Takes what a scan finds, in the order of the file. */
export interface ScanSink {
  /** A data record of a transaction that is not void, by the two halves of its oid. */
  record(oidHigh: number, oidLow: number, offset: number): void;
}

/**
 * Walks along the transactions of a file and verifies the structure of each.
 *
 * Only headers are read. A transaction counts once all of it was found sound; then `pos` and `lastTid` move. The sink has
 * seen the records of a transaction that turns out damaged.
 */
export class Scanner {
  /** End of the last transaction accepted. */
  pos: number;
  lastTid: Tid;
  readonly #path: string;
  readonly #fd: number;
  readonly #size: number;
  readonly #window: FileWindow;
  readonly #sink: ScanSink;

  /**
   * @param path  for messages
   * @param size  end of what is looked at
   * @param start  where to begin, and the last tid before
   */
  constructor(path: string, fd: number, size: number, start: { pos: number; lastTid: Tid }, sink: ScanSink) {
    this.#path = path;
    this.#fd = fd;
    this.#size = size;
    this.#window = new FileWindow(fd, size);
    this.#sink = sink;
    this.pos = start.pos;
    this.lastTid = start.lastTid;
  }

  /**
   * Accepts one transaction.
   *
   * @returns undefined when it did; otherwise why there is none
   * @throws ZodbError `EDAMAGED`, `EUNSUPPORTED` (records with a version)
   */
  step(): ScanStop | undefined {
    const { pos } = this;
    if (pos + TRANSACTION_HEADER > this.#size) return pos === this.#size ? "end" : "short";
    const at = this.#window.at(pos, TRANSACTION_HEADER);
    if (at < 0) return "short";
    const { view } = this.#window;
    const length = offsetAt(view, at + T.length);
    const status = view.getUint8(at + T.status);
    if (pos + length + U64 > this.#size) return "incomplete";
    if (status === STATUS.inProgress) return "in-progress";
    const header = headerLength(view, at);
    if (length < header) return this.#garbageOrDamage();
    if (!isFinished(status))
      throw damaged(this.#path, pos, `transaction with status ${JSON.stringify(String.fromCharCode(status))}`);
    const tid = view.getBigUint64(at);
    if (tid <= this.lastTid) throw damaged(this.#path, pos, "transaction not newer than the one before it");
    this.#records(pos, pos + header, pos + length, status !== STATUS.undone);
    this.#trailer(pos + length, length);
    this.pos = pos + length + U64;
    this.lastTid = tid;
    return undefined;
  }

  #records(transaction: number, from: number, end: number, count: boolean): void {
    let offset = from;
    while (offset < end) {
      if (offset + RECORD_HEADER > end)
        throw damaged(this.#path, offset, "records that do not add up to their transaction");
      // The trailer behind the transaction makes a back pointer's worth of bytes readable even after the last record.
      offset = this.#record(transaction, offset, this.#window.at(offset, RECORD_HEADER + U64), end, count);
    }
  }

  /** @returns where the next record starts */
  #record(transaction: number, offset: number, at: number, end: number, count: boolean): number {
    const { view } = this.#window;
    if (at < 0) throw damaged(this.#path, offset, "record cut off");
    if (view.getUint16(at + R.version) !== 0) throw versionsUnsupported(this.#path, offset);
    if (offsetAt(view, at + R.transaction) !== transaction)
      throw damaged(this.#path, offset, "record of another transaction");
    if (offsetAt(view, at + R.prev) >= offset)
      throw damaged(this.#path, offset, "record whose predecessor lies behind it");
    const length = offsetAt(view, at + R.length);
    const next = offset + RECORD_HEADER + (length === 0 ? U64 : length);
    if (next > end) throw damaged(this.#path, offset, "record longer than its transaction");
    if (length === 0 && offsetAt(view, at + R.data) >= offset)
      throw damaged(this.#path, offset, "back pointer to what lies behind it");
    if (count) this.#sink.record(view.getUint32(at), view.getUint32(at + 4), offset);
    return next;
  }

  #trailer(offset: number, length: number): void {
    const at = this.#window.at(offset, U64);
    if (at < 0 || offsetAt(this.#window.view, at) !== length)
      throw damaged(this.#path, offset, "wrong length after a transaction");
  }

  // No header here.
  #garbageOrDamage(): ScanStop {
    if (!endsLikeTransaction(this.#fd, this.#size, this.pos)) return "garbage";
    throw damaged(this.#path, this.pos, "no transaction");
  }
}

/** Length of a transaction's header with its user, description and extension. */
export function headerLength(view: DataView, at: number): number {
  return (
    TRANSACTION_HEADER +
    view.getUint16(at + T.user) +
    view.getUint16(at + T.description) +
    view.getUint16(at + T.extension)
  );
}

function versionsUnsupported(path: string, offset: number): ZodbError {
  return new ZodbError("EUNSUPPORTED", `${path}: record of a version at offset ${offset}`, {
    hint: "pack the database with a ZODB that still knows versions (3.8)",
  });
}
