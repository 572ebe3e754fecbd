import { closeSync, ftruncateSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";

import type { Position } from "./position.ts";
import { encodeRecord, type DirtyRecord } from "./record.ts";
import {
  decodeAll,
  readRecords,
  removeSegments,
  segmentHeader,
  segmentPath,
  segmentsIn,
  segmentStart,
} from "./segments.ts";

/** When a segment ends and the next one begins. */
const rollAt = 8 * 1024 * 1024;

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
  #trimmed = 0;
  /** Called after every append. */
  onAppend: () => void = () => undefined;

  /** Opens the journal behind what is there; a torn last record is cut off. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
    const last = segmentsIn(directory).at(-1);
    if (last !== undefined) cutTornTail(segmentPath(directory, last));
    this.#end = segmentStart((last ?? 0) + 1);
    this.#fd = this.#create(this.#end.segment);
  }

  /** Behind the last record. */
  get end(): Position {
    return this.#end;
  }

  /** Before the first record there is. */
  get start(): Position {
    return segmentStart(segmentsIn(this.#directory)[0] ?? this.#end.segment);
  }

  append(records: readonly DirtyRecord[]): void {
    if (records.length === 0) return;
    const bytes = Buffer.concat(records.map(encodeRecord));
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    this.#end = { segment: this.#end.segment, offset: this.#end.offset + bytes.length };
    if (this.#end.offset >= rollAt) this.#roll();
    this.onAppend();
  }

  /**
   * Records from a position on, about a megabyte at most.
   *
   * @returns none, and the same position, at the end
   */
  read(from: Position): { records: DirtyRecord[]; next: Position } {
    return readRecords(this.#directory, from, this.#end);
  }

  /** Removes segments that lie wholly before a position. */
  trim(before: Position): void {
    if (before.segment === this.#trimmed) return;
    removeSegments(this.#directory, before);
    this.#trimmed = before.segment;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #roll(): void {
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    this.#end = segmentStart(this.#end.segment + 1);
    this.#fd = this.#create(this.#end.segment);
  }

  #create(segment: number): number {
    const fd = openSync(segmentPath(this.#directory, segment), "wx", 0o600);
    writeSync(fd, segmentHeader);
    return fd;
  }
}

function cutTornTail(path: string): void {
  const bytes = readFileSync(path);
  const whole = segmentHeader.length + decodeAll(bytes.subarray(segmentHeader.length)).length;
  if (whole >= bytes.length) return;
  const fd = openSync(path, "r+");
  ftruncateSync(fd, whole);
  closeSync(fd);
}
