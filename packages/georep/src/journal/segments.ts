import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";

import { hasCode } from "@belay/supervise";

import { comparePositions, type Position } from "./position.ts";
import { decodeRecord, dirty, type DirtyRecord } from "./record.ts";

/** First bytes of each segment. */
export const segmentHeader = Buffer.from("BELAYJ01");

export const segmentPath = (directory: string, segment: number): string =>
  join(directory, `SEG.${String(segment).padStart(10, "0")}`);

/** Begin of a segment's first record. */
export const segmentStart = (segment: number): Position => ({ segment, offset: segmentHeader.length });

/** Numbers of the segments of a journal, smallest first; whatever else lies there does not count. */
export function segmentsIn(directory: string): number[] {
  const numbers = readdirSync(directory).flatMap((name) => {
    const match = /^SEG\.([0-8]\d{9})$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  return numbers.sort((a, b) => a - b);
}

const nothing = Buffer.alloc(0);
const readSize = 1024 * 1024;

/** Stands for records that cannot be read any more: without a directory, so anything may have changed. */
export const lostRecords: DirtyRecord = { kinds: dirty.gap, directory: nothing, name: nothing, object: nothing };

/**
 * Records from a position on, about a megabyte at most, never beyond `end`; none, and `end`, when there are no more.
 *
 * What is damaged or missing is passed over, with {@link lostRecords} in its place.
 */
export function readRecords(
  directory: string,
  from: Position,
  end: Position,
): { records: DirtyRecord[]; next: Position } {
  for (let at = from; comparePositions(at, end) < 0; at = segmentStart(at.segment + 1)) {
    const isLast = at.segment === end.segment;
    const bytes = readPart(segmentPath(directory, at.segment), at.offset, isLast ? end.offset : Infinity);
    const { records, length } = bytes === undefined ? { records: [], length: 0 } : decodeAll(bytes);
    if (records.length > 0) return { records, next: { segment: at.segment, offset: at.offset + length } };
    if (bytes === undefined || bytes.length > 0 || isLast)
      return { records: [lostRecords], next: isLast ? end : segmentStart(at.segment + 1) };
  }
  return { records: [], next: end };
}

/** Removes segments that lie wholly before a position. */
export function removeSegments(directory: string, before: Position): void {
  for (const segment of segmentsIn(directory))
    if (segment < before.segment) rmSync(segmentPath(directory, segment), { force: true, recursive: true });
}

/** The whole records at the begin of some bytes, and how long they are. */
export function decodeAll(bytes: Buffer): { records: DirtyRecord[]; length: number } {
  const records: DirtyRecord[] = [];
  let length = 0;
  for (let found = decodeRecord(bytes, length); found !== undefined; found = decodeRecord(bytes, length)) {
    records.push(found.record);
    length = found.next;
  }
  return { records, length };
}

function readPart(path: string, offset: number, end: number): Buffer | undefined {
  const fd = openSegment(path);
  if (fd === undefined) return undefined;
  try {
    const size = Math.min(readSize, Math.max(Math.min(fstatSync(fd).size, end) - offset, 0));
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, size === 0 ? 0 : readSync(fd, bytes, 0, size, offset));
  } finally {
    closeSync(fd);
  }
}

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

// What has a segment's name but is no file is as good as none.
function openSegment(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, readFlags);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ELOOP", "ENXIO")) return undefined;
    throw error;
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  return undefined;
}
