import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";

import { hasCode } from "@belay/supervise";

import type { Position } from "./position.ts";
import { encodeRecords, type DirtyRecord } from "./record.ts";
import { readRecords, removeSegments, segmentHeader, segmentPath, segmentsIn, segmentStart } from "./segments.ts";

/** Sizes of a journal, in bytes. */
export interface JournalSizes {
  /** When a segment ends and the next one begins; default 8 MiB. */
  readonly segment?: number;
  /** What all of it may take; default 4 GiB. Beyond it the oldest segments go, and whoever has not read them finds a gap there. */
  readonly most?: number;
}

/**
 * What became dirty, in order, in segment files of a directory.
 *
 * It is memory that does not run out while the destination is away. Only whole segments are synced: what a process wrote outlives it without, and
 * after a crash of the machine everything has to be compared anyway, because nobody watched meanwhile.
 */
export class Journal implements Disposable {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #mostSegments: number;
  #fd: number;
  #end: Position;
  #trimmed = 0;
  /** Called after every append. */
  onAppend: () => void = () => undefined;

  /** Begins a segment of its own behind what is there. */
  constructor(directory: string, { segment = 8 * 1024 ** 2, most = 4 * 1024 ** 3 }: JournalSizes = {}) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
    this.#segmentBytes = segment;
    this.#mostSegments = Math.max(Math.floor(most / segment), 2);
    [this.#fd, this.#end] = this.#create((segmentsIn(directory).at(-1) ?? 0) + 1);
  }

  /** Behind the last record. */
  get end(): Position {
    return this.#end;
  }

  /** Before the first record there is. */
  get start(): Position {
    return segmentStart(segmentsIn(this.#directory)[0] ?? this.#end.segment);
  }

  /** Writes all of the records or none. @throws ENOSPC, EDQUOT, EIO */
  append(records: readonly DirtyRecord[]): void {
    if (records.length === 0) return;
    if (this.#end.offset >= this.#segmentBytes) this.#roll();
    const { segment, offset } = this.#end;
    const bytes = encodeRecords(records);
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    } catch (error) {
      ftruncateSync(this.#fd, offset);
      throw error;
    }
    this.#end = { segment, offset: offset + bytes.length };
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
    const full = this.#fd;
    [this.#fd, this.#end] = this.#create(this.#end.segment + 1);
    try {
      fsyncSync(full);
    } finally {
      closeSync(full);
    }
    const segments = segmentsIn(this.#directory);
    const first = segments.at(-this.#mostSegments);
    if (segments.length > this.#mostSegments && first !== undefined)
      removeSegments(this.#directory, segmentStart(first));
  }

  #create(segment: number): [fd: number, end: Position] {
    const path = segmentPath(this.#directory, segment);
    let fd: number;
    try {
      fd = openSync(path, "wx", 0o600);
    } catch (error) {
      if (hasCode(error, "EEXIST")) return this.#create(segment + 1);
      throw error;
    }
    try {
      writeSync(fd, segmentHeader);
    } catch (error) {
      closeSync(fd);
      rmSync(path);
      throw error;
    }
    return [fd, segmentStart(segment)];
  }
}
