import { O_RDONLY, open, pread } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { fileIdAt } from "../ids/file-id.ts";
import type { LocalPart } from "../rpc/messages.ts";
import type { Batch } from "./batch.ts";
import { copyRange } from "./copy-range.ts";
import { streamOf, type Incoming } from "./incoming.ts";
import { writeAll } from "./write-all.ts";

/**
 * Takes a part of a content straight from a file that the worker has open; nothing goes through the connection.
 *
 * @param worker  process id; only ever that of the process that started this one, and told so by its command line: whoever speaks from
 * elsewhere has no say in what is opened here
 * @returns bytes written
 * @throws errno errors of open(2) where /proc does not let us, `EBADMSG` when the descriptor is another file
 */
export function copyPart(batch: Batch, worker: number, part: LocalPart): number {
  const stream = streamOf(batch, part.id);
  const from = sourceOf(stream, worker, part);
  const { offset, length } = part;
  if (part.isDelta) return copyDifferences(from, stream.fd, part);
  return copyRange(from, stream.fd, { from: offset, to: offset, length });
}

function sourceOf(stream: Incoming, worker: number, { fd, id }: LocalPart): number {
  if (stream.source !== undefined) return stream.source;
  const source = open(`/proc/${worker}/fd/${fd}`, O_RDONLY);
  stream.source = source; // closed with the stream
  if (!fileIdAt(source, "").equals(id)) throw new BelayError("EBADMSG", "the worker's descriptor is another file");
  return source;
}

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
