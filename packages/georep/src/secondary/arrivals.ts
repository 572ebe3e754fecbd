import type { DatabaseSync, StatementSync } from "node:sqlite";

import { inodeAndBtimeBytes, looked, timeAt, timeBytes } from "@belay/linux";

import { blobOf } from "../database/blob-of.ts";
import { maxIdBytes, statIdOf, type FileId, type IdRoom } from "../ids/file-id.ts";
import { IdHash, viewOf } from "../ids/id-hash.ts";
import { fileHead, type FillReader } from "../rpc/fill-messages.ts";
import { IdTable } from "./id-table.ts";
import { indexKey } from "./index-key.ts";
import type { MappedObject } from "./map-rows.ts";

/** So many may wait; beyond, each that comes has one sorted in. Whoever asks for one of them waits until all are. */
const mostWaiting = 200_000;

/** So many times as many may be known that wait or have waited, before those that have are forgotten: what is known grows no further. */
const mostOver = 4;

/** Rows that are put together before they go to the database. */
const rowBytes = 64 * 1024;
const longestRow = fileHead.bytes + 2 * maxIdBytes + 256 + 1 + timeBytes;

/** A file as it is sorted in. */
export interface Arrival {
  readonly num: number;
  readonly parent: number;
  readonly name: Buffer;
  readonly object: MappedObject;
}

/**
 * New files of a first copy, as they came: to sort each into the tables of the map takes longer than to make it. They are part of the batch's
 * transaction as all else is, with their numbers given, and are sorted in when there is time, or when somebody asks for what may be one of them.
 *
 * Which they are is learned when somebody asks: most of a first copy goes by without that.
 *
 * A row is a file's head, id and name as in the message, then length and bytes of its id here, and its ctime here. No length: inode number and btime
 * stand there, which its id here is made of.
 */
export class Arrivals {
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #oldestIn: StatementSync;
  readonly #remove: StatementSync;
  readonly #all: StatementSync;
  readonly #counts: StatementSync;
  readonly #since: StatementSync;
  /** Ids at the source of what waits, or has waited; undefined: nobody has asked for one. */
  #ids: IdTable | undefined;
  /** The same here, each by its `indexKey`, so that who asks with an id of the other kind finds it. */
  #here: IdTable | undefined;
  /** Names, each as one of its directory, of those directories that somebody has asked about. */
  readonly #names = new IdTable();
  readonly #hash = new IdHash();
  /** Directories of what waits, or has waited, by number: up to which row the names in each are known. */
  readonly #directories = new Map<number, number>();
  readonly #most: number;
  #waiting = 0;
  // Rows of one directory that are not in the database yet.
  readonly #rows = Buffer.allocUnsafeSlow(rowBytes + longestRow);
  #length = 0;
  #count = 0;
  #parent = 0;
  #first = 0;

  /** @param most  see {@link mostWaiting} */
  constructor(database: DatabaseSync, most = mostWaiting) {
    this.#most = most;
    this.#insert = database.prepare("INSERT INTO arrivals (parent, first, count, rows) VALUES (?, ?, ?, ?)");
    this.#oldest = database.prepare("SELECT * FROM arrivals ORDER BY seq LIMIT 1");
    this.#oldestIn = database.prepare("SELECT * FROM arrivals WHERE parent = ? ORDER BY seq LIMIT 1");
    this.#remove = database.prepare("DELETE FROM arrivals WHERE seq = ?");
    this.#all = database.prepare("SELECT rows FROM arrivals");
    this.#counts = database.prepare("SELECT parent, sum(count) AS count FROM arrivals GROUP BY parent");
    this.#since = database.prepare("SELECT seq, rows FROM arrivals WHERE parent = ? AND seq > ? ORDER BY seq");
    this.reload();
  }

  /** Files that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** There are more than may wait. */
  get isFull(): boolean {
    return this.#waiting > this.#most;
  }

  /** Tells of an id at the source whether it is of a file that waits, or has waited. */
  has(id: FileId): boolean {
    if (this.#waiting === 0) return false;
    this.#ids ??= this.#learnIds();
    return this.#ids.has(this.#hash.of(id));
  }

  /** Tells of an id here whether it may be of a file that waits, or has waited. */
  mayBeHere(here: FileId): boolean {
    if (this.#waiting === 0) return false;
    this.#here ??= this.#learnHere();
    return this.#here.has(this.#hash.of(nothing, indexKey(here)));
  }

  /** Tells whether a file of this name waits, or has waited. */
  hasName(directory: number, name: Uint8Array): boolean {
    const known = this.#directories.get(directory);
    if (known === undefined) return false;
    this.#learnNames(directory, known);
    return this.#names.has(this.#hash.of(name, directory));
  }

  /** Files of this directory wait, or have waited. */
  mayHoldNamesIn(directory: number): boolean {
    return this.#directories.has(directory);
  }

  /**
   * Takes a file that was made just now, and looked at.
   *
   * @param num  the next number
   * @param id  hash of its id
   * @param here  its id here; empty: that of `statIdOf`
   */
  add(parent: number, num: number, file: FillReader, id: IdHash, here: IdRoom): void {
    if (parent !== this.#parent || num !== this.#first + this.#count) this.flush();
    if (this.#count === 0) {
      [this.#parent, this.#first] = [parent, num];
      if (!this.#directories.has(parent)) this.#directories.set(parent, 0);
    }
    const rows = this.#rows;
    const { memory, length: hereLength } = here;
    let at = this.#length;
    at += file.bytes.copy(rows, at, file.start, file.nameEnd);
    rows[at++] = hereLength;
    const hereAt = at;
    if (hereLength === 0) looked.putInodeAndBtime(rows, at);
    for (let index = 0; index < hereLength; index++) rows[at + index] = memory.bytes[index] ?? 0;
    at += bytesHere(hereLength);
    looked.putCtime(rows, at);
    this.#length = at + timeBytes;
    this.#count++;
    this.#waiting++;
    this.#ids?.add(id);
    this.#here?.add(this.#hash.of(nothing, keyHere(rows, hereAt, hereLength)));
    if (this.#length >= rowBytes) this.flush();
  }

  /** Has all rows in the database. */
  flush(): void {
    if (this.#count === 0) return;
    const [count, rows] = [this.#count, this.#rows.subarray(0, this.#length)];
    [this.#count, this.#length] = [0, 0];
    this.#insert.run(this.#parent, this.#first, count, rows);
  }

  /** Takes out those that came first, of a directory if one is named: some hundred at most; none: nothing of it waits. */
  take(directory?: number): Arrival[] {
    this.flush();
    const row = directory === undefined ? this.#oldest.get() : this.#oldestIn.get(directory);
    if (row === undefined) {
      if (directory !== undefined) this.#directories.delete(directory);
      return [];
    }
    this.#remove.run(Number(row["seq"]));
    this.#waiting -= Number(row["count"]);
    if (this.#waiting === 0) this.#forget();
    else if (this.#remembers > mostOver * this.#most) this.reload();
    return arrivalsIn(Number(row["parent"]), Number(row["first"]), blobOf(row["rows"]));
  }

  /** Forgets what is not in the database. */
  reload(): void {
    this.#forget();
    for (const row of this.#counts.iterate()) {
      this.#waiting += Number(row["count"]);
      this.#directories.set(Number(row["parent"]), 0);
    }
  }

  /** Files that one of the tables tells of, or directories that are known. */
  get #remembers(): number {
    return Math.max(this.#ids?.size ?? 0, this.#here?.size ?? 0, this.#names.size, this.#directories.size);
  }

  #learnIds(): IdTable {
    return this.#learn(({ view, idAt, nameAt }) => this.#hash.take(view, idAt, nameAt));
  }

  #learnHere(): IdTable {
    return this.#learn(({ rows, hereAt, hereLength }) => this.#hash.of(nothing, keyHere(rows, hereAt, hereLength)));
  }

  /** @param hash  of what is learned of a file */
  #learn(hash: (parts: Parts) => void): IdTable {
    this.flush();
    const table = new IdTable();
    for (const row of this.#all.iterate())
      for (const parts of partsOf(blobOf(row["rows"]))) {
        hash(parts);
        table.add(this.#hash);
      }
    return table;
  }

  /** @param known  up to which row they are known */
  #learnNames(directory: number, known: number): void {
    if (this.#parent === directory) this.flush();
    for (const row of this.#since.iterate(directory, known)) {
      for (const { view, nameAt, nameEnd } of partsOf(blobOf(row["rows"]))) {
        this.#hash.take(view, nameAt, nameEnd, directory);
        this.#names.add(this.#hash);
      }
      this.#directories.set(directory, Number(row["seq"]));
    }
  }

  #forget(): void {
    [this.#count, this.#length, this.#waiting] = [0, 0, 0];
    this.#ids = undefined;
    this.#here = undefined;
    this.#names.clear();
    this.#directories.clear();
  }
}

const nothing = Buffer.alloc(0);

/** Where the parts of a file lie in a row. */
interface Parts {
  readonly rows: Buffer;
  readonly view: DataView;
  readonly head: number;
  readonly idAt: number;
  readonly nameAt: number;
  /** Before its NUL. */
  readonly nameEnd: number;
  readonly hereAt: number;
  readonly hereLength: number;
  readonly ctimeAt: number;
}

/** Bytes of an id here of this length, or of what is there in its place. */
const bytesHere = (length: number): number => (length === 0 ? inodeAndBtimeBytes : length);

function* partsOf(rows: Buffer): Generator<Parts> {
  const view = viewOf(rows);
  for (let head = 0; head < rows.length;) {
    const idAt = head + fileHead.bytes;
    const nameAt = idAt + view.getUint8(head + fileHead.idLength);
    const lengthAt = nameAt + view.getUint16(head + fileHead.nameLength, true);
    const hereAt = lengthAt + 1;
    const hereLength = view.getUint8(lengthAt);
    const ctimeAt = hereAt + bytesHere(hereLength);
    yield { rows, view, head, idAt, nameAt, nameEnd: lengthAt - 1, hereAt, hereLength, ctimeAt };
    head = ctimeAt + timeBytes;
  }
}

function idHere({ rows, view, hereAt, hereLength }: Parts): FileId {
  if (hereLength === 0) return statIdOf({ ino: view.getBigUint64(hereAt, true), btime: timeAt(view, hereAt + 8) });
  return rows.subarray(hereAt, hereAt + hereLength);
}

/** The `indexKey` of {@link idHere}. */
function keyHere(rows: Buffer, at: number, length: number): number {
  return length === 0 ? rows.readUInt32LE(at) : indexKey(rows.subarray(at, at + length));
}

function arrivalsIn(parent: number, first: number, rows: Buffer): Arrival[] {
  const arrivals: Arrival[] = [];
  for (const parts of partsOf(rows)) {
    const { view, head, idAt, nameAt, nameEnd, ctimeAt } = parts;
    const times = {
      mtime: timeAt(view, head + fileHead.mtime),
      ctime: timeAt(view, head + fileHead.ctime),
      hereCtime: timeAt(view, ctimeAt),
    };
    const ids: { id: FileId; here: FileId } = { id: rows.subarray(idAt, nameAt), here: idHere(parts) };
    const [mode, size] = [view.getUint32(head + fileHead.mode, true), view.getUint32(head + fileHead.size, true)];
    const name = rows.subarray(nameAt, nameEnd);
    arrivals.push({ num: first + arrivals.length, parent, name, object: { ...ids, mode, size, ...times } });
  }
  return arrivals;
}
