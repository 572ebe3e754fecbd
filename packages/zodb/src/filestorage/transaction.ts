import { fdatasyncSync, fsyncSync, ftruncateSync } from "node:fs";
import { BelayError, hasCode } from "@belay/supervise";
import { readConflict, writeConflict } from "../errors/object-errors.ts";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import { newTid, type Tid } from "../ids/tid.ts";
import type { StorageTransaction, TransactionMeta } from "../storage.ts";
import { putOffset, R, RECORD_HEADER, STATUS, T, TRANSACTION_HEADER, U64 } from "./format.ts";
import type { Generation } from "./generation.ts";
import { Spool } from "./spool.ts";
import { writeAllAt } from "./write-all.ts";

const LONGEST_TEXT = 0xffff;

/** What a transaction needs of the writer that gave it out. */
export interface TransactionHome {
  /** The file; the transaction moves its end when it is finished. */
  readonly generation: Generation;
  readonly syncBeforeFinish: boolean;
  /** @throws ZodbError `ESTATE` when somebody else has changed the file */
  checkUntouched(): void;
  /** The transaction is over. @param changed  it was finished */
  ended(changed: boolean): void;
  /** Nothing is known any more of what the file holds: no transaction may follow. */
  breakDown(error: unknown): void;
}

/**
 * One commit to a FileStorage.
 *
 * Vote appends the whole transaction with the status "in progress", which readers pass over and the next writer cuts off; finish
 * turns that one byte into "finished". Until then every error leads back to the file as it was.
 */
export class FileStorageTransaction implements StorageTransaction {
  readonly #writer: TransactionHome;
  readonly #header: Buffer;
  readonly #tid: Tid;
  /** Where the transaction starts in the file. */
  readonly #pos: number;
  readonly #spool: Spool;
  readonly #stored = new Map<Oid, number>();
  /** The main file may hold some of it. */
  #written = false;
  #state: "open" | "voted" | "failed" | "ended" = "open";

  constructor(writer: TransactionHome, meta: TransactionMeta) {
    const { generation } = writer;
    this.#writer = writer;
    this.#tid = newTid(generation.lastTid);
    this.#pos = generation.pos;
    this.#header = transactionHeader(this.#tid, meta);
    this.#spool = new Spool(`${generation.path}.tmp`);
  }

  store(oid: Oid, prevSerial: Tid, data: Uint8Array | undefined): void {
    this.#expect("open");
    const { index, revisions } = this.#writer.generation;
    const current = revisions.current(oid) ?? 0n;
    if (current !== prevSerial) throw writeConflict(oid, prevSerial, current);
    if (data?.length === 0) throw new ZodbError("EFORMAT", "a record without a byte cannot be stored");
    const offset = this.#pos + this.#header.length + this.#spool.size;
    this.#guard(() => {
      this.#spool.append(recordBytes({ oid, tid: this.#tid, prev: index.get(oid), transaction: this.#pos }, data));
    });
    this.#stored.set(oid, offset);
  }

  checkCurrentSerial(oid: Oid, serial: Tid): void {
    this.#expect("open");
    // Nobody else can write before this transaction ends: what is true now is true at the vote.
    const current = this.#writer.generation.revisions.current(oid) ?? 0n;
    if (current !== serial) throw readConflict(oid, serial, current);
  }

  vote(): void {
    this.#expect("open");
    this.#guard(() => {
      this.#writer.checkUntouched();
      this.#written = true;
      this.#append();
    });
    this.#state = "voted";
  }

  #append(): void {
    const { fd } = this.#writer.generation;
    const length = this.#header.length + this.#spool.size;
    putOffset(viewOf(this.#header), T.length, length);
    let at = this.#pos;
    const append = (bytes: Uint8Array) => {
      writeAllAt(fd, bytes, at);
      at += bytes.length;
    };
    append(this.#header);
    for (const piece of this.#spool.pieces()) append(piece);
    const trailer = Buffer.alloc(U64);
    putOffset(viewOf(trailer), 0, length);
    append(trailer);
  }

  finish(): Tid {
    if (this.#state === "open") this.vote();
    this.#expect("voted");
    const { generation, syncBeforeFinish } = this.#writer;
    this.#guard(() => {
      if (syncBeforeFinish) fdatasyncSync(generation.fd);
      writeAllAt(generation.fd, Buffer.of(STATUS.finished), this.#pos + T.status);
    });
    // Readers see it from here on: there is no way back.
    for (const [oid, offset] of this.#stored) generation.index.set(oid, offset);
    generation.pos = this.#pos + this.#header.length + this.#spool.size + U64;
    generation.lastTid = this.#tid;
    this.#end(true);
    this.#sync();
    return this.#tid;
  }

  #sync(): void {
    const { generation } = this.#writer;
    try {
      fsyncSync(generation.fd);
    } catch (error) {
      this.#writer.breakDown(error);
      throw ioError(error, `${generation.path}: the transaction was finished, but may not be on the disk`);
    }
  }

  abort(): void {
    if (this.#state === "ended") return;
    if (this.#state === "voted") this.#cutOff();
    this.#end(false);
  }

  #end(changed: boolean): void {
    this.#state = "ended";
    this.#spool[Symbol.dispose]();
    this.#writer.ended(changed);
  }

  #expect(state: "open" | "voted"): void {
    if (this.#state === state) return;
    const what = this.#state === "failed" ? "has failed: abort it" : `is ${this.#state}`;
    throw new ZodbError("ESTATE", `${this.#writer.generation.path}: the transaction ${what}`);
  }

  // Nothing that goes wrong before the status is turned leaves a trace in the file.
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      // A file that somebody else has changed is not ours to cut.
      if (this.#written) this.#cutOff();
      this.#state = "failed";
      throw ioError(error, `${this.#writer.generation.path}: cannot write a transaction of ${this.#spool.size} bytes`);
    }
  }

  #cutOff(): void {
    try {
      ftruncateSync(this.#writer.generation.fd, this.#pos);
    } catch (error) {
      this.#writer.breakDown(error);
    }
  }
}

function transactionHeader(tid: Tid, meta: TransactionMeta): Buffer {
  for (const text of [meta.user, meta.description, meta.extension]) {
    if (text.length > LONGEST_TEXT) {
      throw new ZodbError(
        "EFORMAT",
        `user, description and extension of a transaction take at most ${LONGEST_TEXT} bytes each`,
      );
    }
  }
  const head = Buffer.alloc(TRANSACTION_HEADER);
  head.writeBigUInt64BE(tid, T.tid);
  head[T.status] = STATUS.inProgress;
  head.writeUInt16BE(meta.user.length, T.user);
  head.writeUInt16BE(meta.description.length, T.description);
  head.writeUInt16BE(meta.extension.length, T.extension);
  return Buffer.concat([head, meta.user, meta.description, meta.extension]);
}

function recordBytes(
  record: { oid: Oid; tid: Tid; prev: number; transaction: number },
  data: Uint8Array | undefined,
): Buffer {
  // A back pointer of zero, where the data would be, deletes the object.
  const bytes = Buffer.alloc(RECORD_HEADER + (data?.length ?? U64));
  const view = viewOf(bytes);
  view.setBigUint64(R.oid, record.oid);
  view.setBigUint64(R.tid, record.tid);
  putOffset(view, R.prev, record.prev);
  putOffset(view, R.transaction, record.transaction);
  if (data === undefined) return bytes;
  putOffset(view, R.length, data.length);
  bytes.set(data, R.data);
  return bytes;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An errno keeps its name; the message says what was being done. */
function ioError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || !("code" in error) || error instanceof BelayError) return error;
  const hint = hasCode(error, "ENOSPC", "EDQUOT") ? "make room and try again: the database is as it was" : undefined;
  return new BelayError(String(error.code), `${what}: ${error.message}`, { cause: error, hint });
}
