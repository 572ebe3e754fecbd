import { addressOf, IoVector, preadvRaw } from "@belay/linux";
import { preadAll } from "./piece.ts";

/** Bytes of a file, and where in a buffer they belong. */
export interface FilePart {
  readonly fd: number;
  readonly offset: number;
  readonly to: number;
  readonly length: number;
}

/** Bytes of the file that lie between two parts and are read with them: less than a system call costs. */
const GAP = 1024;

/** Parts read at a time. */
const RUN = 256;

let vector: IoVector | undefined;
let ignored: Buffer | undefined;
let ignoredAt = 0;

/** Reads parts into their places. Those that lie close together in a file are read at once, whatever their order in the buffer. */
export function readScattered(parts: FilePart[], target: Uint8Array): void {
  parts.sort((a, b) => a.fd - b.fd || a.offset - b.offset);
  let run: FilePart[] = [];
  let fd = -1;
  let reach = 0;
  for (const part of parts) {
    const gap = part.offset - reach;
    if (part.fd !== fd || gap < 0 || gap > GAP || run.length === RUN) {
      readRun(run, target);
      run = [];
    }
    run.push(part);
    fd = part.fd;
    reach = part.offset + part.length;
  }
  readRun(run, target);
}

function readRun(run: readonly FilePart[], target: Uint8Array): void {
  if (run.length > 1 && readTogether(run, target)) return;
  for (const { fd, offset, to, length } of run)
    preadAll(fd, length === target.length ? target : target.subarray(to, to + length), offset);
}

// Anything but all of it (a signal, a file that was cut off) is left to reading part by part, which tells what is wrong.
function readTogether(run: readonly FilePart[], target: Uint8Array): boolean {
  const [{ fd, offset } = { fd: -1, offset: 0 }] = run;
  vector ??= new IoVector(2 * RUN);
  ignoredAt ||= addressOf((ignored ??= Buffer.allocUnsafeSlow(GAP)));
  vector.clear();
  const address = addressOf(target);
  let reach = offset;
  for (const part of run) {
    if (part.offset > reach) vector.addAddress(ignoredAt, part.offset - reach);
    vector.addAddress(address + part.to, part.length);
    reach = part.offset + part.length;
  }
  return preadvRaw(fd, vector, offset) === vector.byteLength;
}
