import { createReadStream } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";

const chunkSize = 1024 * 1024;

/** Where the input begins and how it is cut. */
export interface BlockCut {
  readonly blockSize: number;
  /** Bytes to leave out at the beginning; read and dropped where the input cannot seek. Default 0. */
  readonly start?: number;
  /** Length of the first block; default that of all. */
  readonly firstSize?: number;
  /** Ends reading, also while it waits for a pipe. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Cuts a file or a pipe into blocks.
 *
 * Every block is as long as asked for, the last may be shorter. Each is the caller's to keep.
 *
 * @param path  a file name; `-` is standard input
 */
export async function* readBlocks(path: string, cut: BlockCut): AsyncGenerator<Uint8Array, void> {
  const { blockSize, start = 0, firstSize = blockSize } = cut;
  let block = Buffer.allocUnsafe(firstSize);
  let filled = 0;
  for await (const chunk of inputFrom(path, start, cut.signal)) {
    for (let offset = 0; offset < chunk.length;) {
      const length = Math.min(block.length - filled, chunk.length - offset);
      chunk.copy(block, filled, offset, offset + length);
      filled += length;
      offset += length;
      if (filled < block.length) continue;
      yield block;
      block = Buffer.allocUnsafe(blockSize);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

async function* inputFrom(path: string, start: number, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void> {
  const isPipe = path === "-";
  const stream: Readable = isPipe ? process.stdin : createReadStream(path, { start, highWaterMark: chunkSize });
  if (signal !== undefined) addAbortSignal(signal, stream);
  try {
    yield* skipBytes(stream as AsyncIterable<Buffer>, isPipe ? start : 0);
  } catch (error) {
    // The stream only tells that it was ended.
    signal?.throwIfAborted();
    throw error;
  }
}

async function* skipBytes(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer, void> {
  let left = count;
  for await (const chunk of chunks) {
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
