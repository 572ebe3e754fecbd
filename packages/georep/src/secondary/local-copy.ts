import { pread } from "@belay/linux";

import type { LocalPart } from "../rpc/messages.ts";
import type { Batch } from "./batch.ts";
import { copyRange } from "./copy-range.ts";
import { streamOf, type Incoming } from "./incoming.ts";
import { openFileOfWorker } from "./worker-file.ts";
import { writeAll } from "./write-all.ts";

/**
 * Takes a part of a content straight from a file that the worker has open; nothing goes through the connection.
 *
 * @param worker  see {@link openFileOfWorker}
 * @returns bytes written
 * @throws what that throws
 */
export function copyPart(batch: Batch, worker: number, part: LocalPart): number {
  const stream = streamOf(batch, part.id);
  const from = sourceOf(stream, worker, part);
  const { offset, length } = part;
  if (part.isDelta) return copyDifferences(from, stream.fd, part);
  return copyRange(from, stream.fd, { from: offset, to: offset, length });
}

// Closed with the stream.
const sourceOf = (stream: Incoming, worker: number, part: LocalPart): number =>
  (stream.source ??= openFileOfWorker(worker, part));

const pieceSize = 128 * 1024;
const piece = Buffer.allocUnsafeSlow(pieceSize);
const present = Buffer.allocUnsafeSlow(pieceSize);

// A file that was cut off meanwhile ends early; so does what follows.
function* piecesOf(fd: number, start: number, end: number): Generator<{ at: number; bytes: Buffer }> {
  for (let at = start; at < end;) {
    const length = pread(fd, piece.subarray(0, Math.min(pieceSize, end - at)), at);
    if (length === 0) return;
    yield { at, bytes: piece.subarray(0, length) };
    at += length;
  }
}

function copyDifferences(from: number, to: number, { offset, length }: LocalPart): number {
  let written = 0;
  for (const { at, bytes } of piecesOf(from, offset, offset + length)) {
    const there = present.subarray(0, bytes.length);
    if (pread(to, there, at) === bytes.length && there.equals(bytes)) continue;
    writeAll(to, bytes, at);
    written += bytes.length;
  }
  return written;
}
