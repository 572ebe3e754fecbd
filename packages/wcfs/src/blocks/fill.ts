import { isInFile, preadAll, readPiece } from "./piece.ts";
import type { FilePiece, PlacedPiece } from "./piece.ts";

/** Bytes of the file that lie between two pieces and are read with them: less than a system call costs. */
const GAP = 1024;

/** Bytes read at a time. */
const SPAN = 256 << 10;

let span: Buffer | undefined;

/** Fills `target`, which begins at byte `from` of the block, from ascending pieces, and with zeros between them. */
export function fillFrom(pieces: readonly PlacedPiece[], target: Uint8Array, from: number): void {
  const inside = clip(pieces, from, from + target.length);
  let done = 0;
  for (let i = 0; i < inside.length;) {
    const last = endOfRun(inside, i);
    if (last > i + 1) copyRun(inside.slice(i, last), target);
    else readPart(inside[i] as Part, target);
    for (; i < last; i++) {
      const { to, length } = inside[i] as Part;
      if (to > done) target.fill(0, done, to);
      done = to + length;
    }
  }
  if (done < target.length) target.fill(0, done);
}

/** Part of a piece that goes to byte `to` of the target. */
interface Part {
  readonly piece: PlacedPiece["piece"];
  readonly skip: number;
  readonly to: number;
  readonly length: number;
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

/** One past the last of the parts from `i` on that lie close behind each other in one file. */
function endOfRun(parts: readonly Part[], i: number): number {
  const first = (parts[i] as Part).piece;
  if (!isInFile(first)) return i + 1;
  const start = first.offset + (parts[i] as Part).skip;
  let end = start + (parts[i] as Part).length;
  for (i++; i < parts.length; i++) {
    const { piece, skip, length } = parts[i] as Part;
    if (!isInFile(piece) || piece.fd !== first.fd) break;
    const at = piece.offset + skip;
    if (at < end || at > end + GAP || at + length > start + SPAN) break;
    end = at + length;
  }
  return i;
}

function copyRun(run: readonly Part[], target: Uint8Array): void {
  span ??= Buffer.allocUnsafeSlow(SPAN);
  const offsetOf = (part: Part) => (part.piece as FilePiece).offset + part.skip;
  const [first, last] = [run[0] as Part, run.at(-1) as Part];
  const start = offsetOf(first);
  preadAll((first.piece as FilePiece).fd, span.subarray(0, offsetOf(last) + last.length - start), start);
  for (const part of run) {
    const at = offsetOf(part) - start;
    span.copy(target, part.to, at, at + part.length);
  }
}

function readPart({ piece, skip, to, length }: Part, target: Uint8Array): void {
  readPiece(piece, to === 0 && length === target.length ? target : target.subarray(to, to + length), skip);
}
