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
  if (parts.length === 1) readPart(parts[0] as Part, target);
  else readParts(parts, target);
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
  for (let i = 0; i < inFile.length;) {
    const last = endOfRun(inFile, i);
    if (last === i + 1) readPart(inFile[i] as Part, target);
    else readRun(inFile, i, last, target);
    i = last;
  }
}

function offsetOf(part: Part<FilePiece>): number {
  return part.piece.offset + part.skip;
}

/** One past the last of the parts from `i` on that lie close behind each other in one file. */
function endOfRun(parts: readonly Part<FilePiece>[], i: number): number {
  const first = parts[i] as Part<FilePiece>;
  const start = offsetOf(first);
  let end = start + first.length;
  for (i++; i < parts.length; i++) {
    const part = parts[i] as Part<FilePiece>;
    const at = offsetOf(part);
    if (part.piece.fd !== first.piece.fd || at > end + GAP || at + part.length > start + SPAN) break;
    end = Math.max(end, at + part.length);
  }
  return i;
}

function readRun(parts: readonly Part<FilePiece>[], first: number, last: number, target: Uint8Array): void {
  span ??= Buffer.allocUnsafeSlow(SPAN);
  const start = offsetOf(parts[first] as Part<FilePiece>);
  let end = start;
  for (let i = first; i < last; i++) end = Math.max(end, offsetOf(parts[i] as Part<FilePiece>) + (parts[i] as Part).length);
  preadAll((parts[first] as Part<FilePiece>).piece.fd, span.subarray(0, end - start), start);
  for (let i = first; i < last; i++) {
    const part = parts[i] as Part<FilePiece>;
    const at = offsetOf(part) - start;
    span.copy(target, part.to, at, at + part.length);
  }
}

function readPart({ piece, skip, to, length }: Part, target: Uint8Array): void {
  readPiece(piece, to === 0 && length === target.length ? target : target.subarray(to, to + length), skip);
}
