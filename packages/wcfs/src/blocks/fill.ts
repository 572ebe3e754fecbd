import { isInFile, preadAll, readPiece } from "./piece.ts";
import type { FilePiece, PlacedPiece } from "./piece.ts";

/** Bytes of the file that lie between two pieces and are read with them: less than a system call costs. */
const GAP = 1024;

/** Bytes read at a time. */
const SPAN = 256 << 10;

let span: Buffer | undefined;

/** Part of a piece that goes to byte `to` of the target. */
interface Part<P = PlacedPiece["piece"]> {
  readonly piece: P;
  readonly skip: number;
  readonly to: number;
  readonly length: number;
}

/** Fills `target`, which begins at byte `from` of the block, from ascending pieces, and with zeros between them. */
export function fillFrom(pieces: readonly PlacedPiece[], target: Uint8Array, from: number): void {
  const parts = clip(pieces, from, from + target.length);
  let done = 0;
  for (const { to, length } of parts) {
    if (to > done) target.fill(0, done, to);
    done = to + length;
  }
  if (done < target.length) target.fill(0, done);
  if (parts.length > 1) readParts(parts, target);
  else for (const part of parts) readPart(part, target);
}

function clip(pieces: readonly PlacedPiece[], from: number, end: number): Part[] {
  const parts: Part[] = [];
  for (const { at, piece } of pieces) {
    const start = Math.max(at, from);
    const length = Math.min(at + piece.length, end) - start;
    if (length > 0) parts.push({ piece, skip: start - at, to: start - from, length });
  }
  return parts;
}

// What was written together lies together, but not in the order of the block.
function readParts(parts: readonly Part[], target: Uint8Array): void {
  const inFile: Part<FilePiece>[] = [];
  for (const part of parts) {
    if (isInFile(part.piece)) inFile.push(part as Part<FilePiece>);
    else readPart(part, target);
  }
  inFile.sort((a, b) => a.piece.fd - b.piece.fd || offsetOf(a) - offsetOf(b));
  let run: Part<FilePiece>[] = [];
  let reach = { fd: -1, start: 0, end: 0 };
  for (const part of inFile) {
    const start = offsetOf(part);
    const end = start + part.length;
    if (part.piece.fd !== reach.fd || start > reach.end + GAP || end > reach.start + SPAN) {
      readRun(run, reach, target);
      run = [];
      reach = { fd: part.piece.fd, start, end };
    }
    run.push(part);
    reach.end = Math.max(reach.end, end);
  }
  readRun(run, reach, target);
}

function offsetOf(part: Part<FilePiece>): number {
  return part.piece.offset + part.skip;
}

/** Reads parts that lie close behind each other in one file, between `start` and `end`. */
function readRun(
  run: readonly Part<FilePiece>[],
  { fd, start, end }: { fd: number; start: number; end: number },
  target: Uint8Array,
): void {
  if (run.length < 2) {
    for (const part of run) readPart(part, target);
    return;
  }
  span ??= Buffer.allocUnsafeSlow(SPAN);
  preadAll(fd, span.subarray(0, end - start), start);
  for (const part of run) {
    const at = offsetOf(part) - start;
    span.copy(target, part.to, at, at + part.length);
  }
}

function readPart({ piece, skip, to, length }: Part, target: Uint8Array): void {
  readPiece(piece, to === 0 && length === target.length ? target : target.subarray(to, to + length), skip);
}
