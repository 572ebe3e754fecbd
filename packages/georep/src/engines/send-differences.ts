import { pread } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { blockSize, signatureOf, signatureSize } from "../secondary/signatures.ts";

/** Blocks whose signatures are asked for at once: what either end reads in some ten milliseconds, and is deaf meanwhile. */
const groupBlocks = 256;
/** Groups that are asked for before they are needed, so that both ends read at the same time: replies wait for each other a little. */
const ahead = 4;
/** Blocks that are read, and sent, together at most: a megabyte. */
const runBlocks = 16;

/** A file of which the destination has an older content. */
export interface FileToCompare {
  readonly id: FileId;
  readonly fd: number;
  readonly size: number;
  /** Bytes that the destination has. */
  readonly base: number;
}

/** Takes what differs; the bytes are its own. */
export type SendPiece = (offset: number, bytes: Buffer) => Promise<void>;

/**
 * Sends the blocks of a file that differ from those at the same place at the destination.
 *
 * @returns where the rest begins, of which the destination has nothing
 */
export async function sendDifferences(
  secondary: Pick<Secondary, "signatures">,
  { id, fd, size, base }: FileToCompare,
  send: SendPiece,
): Promise<number> {
  const count = Math.min(Math.ceil(base / blockSize), Math.ceil(size / blockSize));
  const asked: Promise<Buffer>[] = [];
  const ask = (first: number) => {
    if (first >= count) return;
    const signatures = secondary.signatures(id, first, Math.min(groupBlocks, count - first));
    signatures.catch(() => undefined); // told when it is awaited
    asked.push(signatures);
  };
  for (let group = 0; group < ahead; group++) ask(group * groupBlocks);
  let room: Buffer | undefined;
  for (let first = 0; first < count; first += groupBlocks) {
    ask(first + ahead * groupBlocks);
    const signatures = (await asked.shift()) ?? nothing;
    for (let block = first; block < Math.min(first + groupBlocks, count); block += runBlocks) {
      const theirs = signatures.subarray((block - first) * signatureSize);
      room ??= Buffer.allocUnsafeSlow(runBlocks * blockSize);
      const [at, end] = [block * blockSize, Math.min(block + runBlocks, count) * blockSize];
      const bytes = room.subarray(0, pread(fd, room.subarray(0, Math.min(end, size) - at), at));
      for (const run of differingRuns(bytes, theirs)) {
        await send(at + run.start, bytes.subarray(run.start, run.end));
        room = undefined; // it is on its way
      }
    }
  }
  return Math.min(count * blockSize, size);
}

const nothing = Buffer.alloc(0);

function* differingRuns(bytes: Buffer, theirs: Buffer): Generator<{ start: number; end: number }> {
  let start: number | undefined;
  for (let at = 0; at < bytes.length; at += blockSize) {
    const signatureAt = (at / blockSize) * signatureSize;
    const isEqual = theirs
      .subarray(signatureAt, signatureAt + signatureSize)
      .equals(signatureOf(bytes.subarray(at, at + blockSize)));
    if (!isEqual) start ??= at;
    else if (start !== undefined) {
      yield { start, end: at };
      start = undefined;
    }
  }
  if (start !== undefined) yield { start, end: bytes.length };
}
