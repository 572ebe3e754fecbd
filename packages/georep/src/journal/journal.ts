import {
  closeSync,
  fstatSync,
  ftruncateSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { decodeRecord, encodeRecord, type DirtyRecord } from "./record.ts";

/** A place in the journal. */
export interface Position {
  readonly segment: number;
  /** Bytes from the segment's begin. */
  readonly offset: number;
}

export function comparePositions(a: Position, b: Position): number {
  return a.segment - b.segment || a.offset - b.offset;
}

const header = Buffer.from("BELAYJ01");
const segmentName = (segment: number) => `SEG.${String(segment).padStart(10, "0")}`;

/** When a segment ends and the next one begins. */
const rollAt = 8 * 1024 * 1024;
const readSize = 1024 * 1024;

/**
 * What became dirty, in order, in segment files of a directory.
 *
 * It is memory that does not run out while the destination is away. It is synced when a segment is full, not before: whoever starts after an
 * unclean end has to compare everything anyway, because nobody watched meanwhile.
 */
export class Journal implements Disposable {
  readonly #directory: string;
  #fd: number;
  #end: Position;
  #onAppend: () => void = () => undefined;

  /** Opens the journal behind what is there; a torn last record is cut off. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
    const last = segmentsIn(directory).at(-1);
    if (last !== undefined) cutTornTail(join(directory, segmentName(last)));
    this.#end = { segment: (last ?? 0) + 1, offset: header.length };
    this.#fd = this.#create(this.#end.segment);
  }

  /** Behind the last record. */
  get end(): Position {
    return this.#end;
  }

  /** Before the first record there is. */
  get start(): Position {
    return { segment: segmentsIn(this.#directory)[0] ?? this.#end.segment, offset: header.length };
  }

  /** Calls back after every append. */
  set onAppend(callback: () => void) {
    this.#onAppend = callback;
  }

  append(records: readonly DirtyRecord[]): void {
    if (records.length === 0) return;
    const bytes = Buffer.concat(records.map(encodeRecord));
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    this.#end = { segment: this.#end.segment, offset: this.#end.offset + bytes.length };
    if (this.#end.offset >= rollAt) this.#roll();
    this.#onAppend();
  }

  /**
   * Records from a position on, about a megabyte at most.
   *
   * @returns none, and the same position, at the end
   */
  read(from: Position): { records: DirtyRecord[]; next: Position } {
    for (let { segment, offset } = from; ; segment++, offset = header.length) {
      const records = this.#readSegment(segment, offset);
      if (records.records.length > 0) return records;
      if (segment >= this.#end.segment) return { records: [], next: this.#end };
    }
  }

  /** Removes segments that lie wholly before a position. */
  trim(before: Position): void {
    for (const segment of segmentsIn(this.#directory))
      if (segment < before.segment) rmSync(join(this.#directory, segmentName(segment)), { force: true });
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #readSegment(segment: number, offset: number): { records: DirtyRecord[]; next: Position } {
    const bytes = readPart(join(this.#directory, segmentName(segment)), offset);
    const records: DirtyRecord[] = [];
    let at = 0;
    for (let found = decodeRecord(bytes, at); found !== undefined; found = decodeRecord(bytes, at)) {
      records.push(found.record);
      at = found.next;
    }
    return { records, next: { segment, offset: offset + at } };
  }

  #roll(): void {
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    this.#end = { segment: this.#end.segment + 1, offset: header.length };
    this.#fd = this.#create(this.#end.segment);
  }

  #create(segment: number): number {
    const fd = openSync(join(this.#directory, segmentName(segment)), "wx", 0o600);
    writeSync(fd, header);
    return fd;
  }
}

function segmentsIn(directory: string): number[] {
  const numbers = readdirSync(directory).flatMap((name) => {
    const match = /^SEG\.(\d{10})$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  return numbers.sort((a, b) => a - b);
}

function readPart(path: string, offset: number): Buffer {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return Buffer.alloc(0); // trimmed
  }
  try {
    const size = Math.min(readSize, Math.max(fstatSync(fd).size - offset, 0));
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, size === 0 ? 0 : readSync(fd, bytes, 0, size, offset));
  } finally {
    closeSync(fd);
  }
}

function cutTornTail(path: string): void {
  const bytes = readFileSync(path);
  let at = header.length;
  for (let found = decodeRecord(bytes, at); found !== undefined; found = decodeRecord(bytes, at)) at = found.next;
  if (at >= bytes.length) return;
  const fd = openSync(path, "r+");
  ftruncateSync(fd, at);
  closeSync(fd);
}
