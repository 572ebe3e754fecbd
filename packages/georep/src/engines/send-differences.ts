import { pread } from "@belay/linux";

import { blockSize, signatureOf, signatureSize } from "./blocks.ts";
import type { FileToCompare, Output } from "./output.ts";
import { sendMoved, type MoveFinder } from "./send-moved.ts";

/** Blocks whose signatures are asked for at once: what either end reads in some ten milliseconds, and is deaf meanwhile. */
const groupBlocks = 256;
/** Groups that are asked for before they are needed, so that both ends read at the same time: replies wait for each other a little. */
const ahead = 4;
/** Blocks that are read, and sent, together at most: a megabyte. */
const runBlocks = 16;

/** So many bytes that differ, and no end of them, may be what comes of content that has moved. */
const movedFrom = 4 * blockSize;
/** Where nothing has moved it is not looked for again so soon. */
const searchAgainAfter = 256 * 1024 * 1024;

/**
 * Sends the blocks of a file that differ from those at the same place at the destination; where they differ because content has moved, all
 * that follows is told by what was there, see `sendMoved`.
 *
 * @returns where the rest begins, of which the destination has nothing
 */
export async function sendDifferences(secondary: MoveFinder, file: FileToCompare, output: Output): Promise<number> {
  let searchFrom = 0;
  for await (const { start, bytes, isOpen } of differingParts(secondary, file)) {
    if (isOpen && bytes.length >= movedFrom && start >= searchFrom) {
      if (await sendMoved(secondary, file, output, start)) return file.size;
      searchFrom = start + searchAgainAfter;
    }
    await output.piece(start, bytes);
  }
  return Math.min(blocksInCommon(file) * blockSize, file.size);
}

const blocksInCommon = ({ base, size }: FileToCompare): number => Math.ceil(Math.min(base, size) / blockSize);

interface Part {
  readonly start: number;
  /** Whoever takes the part has them for itself. */
  readonly bytes: Buffer;
  /** What follows may differ, too. */
  readonly isOpen: boolean;
}

async function* differingParts(
  secondary: Pick<MoveFinder, "signatures">,
  file: FileToCompare,
): AsyncGenerator<Part, void> {
  const { id, fd, size } = file;
  const count = blocksInCommon(file);
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
        yield { start: at + run.start, bytes: bytes.subarray(run.start, run.end), isOpen: run.end === bytes.length };
        room = undefined; // it is on its way
      }
    }
  }
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
