import type { Readable, Writable } from "node:stream";

import { BelayError } from "@belay/supervise";
import { malformed } from "./wire.ts";

/** Largest frame, its header not counted. */
export const maxFrame = 8 * 1024 * 1024;

/** Header: `u32 length` of what follows it, `u8 type`, `u32 request id`. */
const headerSize = 9;

/** A message on its way. */
export interface Frame {
  readonly type: number;
  readonly request: number;
  readonly payload: Buffer;
  /** More of the payload. */
  readonly tail?: Buffer;
}

const nothing = Buffer.alloc(0);

/** The bytes of a frame, in pieces, so that large payloads are not copied. */
export function encodeFrame({ type, request, payload, tail = nothing }: Frame): readonly Buffer[] {
  const length = payload.length + tail.length;
  if (length > maxFrame - 5) throw malformed(`a frame of ${length} bytes`);
  const header = Buffer.allocUnsafe(headerSize);
  header.writeUInt32LE(length + 5, 0);
  header.writeUInt8(type, 4);
  header.writeUInt32LE(request, 5);
  return tail.length === 0 ? [header, payload] : [header, payload, tail];
}

/** Where bytes come from, in the portions that are asked for. */
export interface ByteSource {
  /** A whole frame has come, or the connection is broken: nothing has to be waited for. */
  readonly hasFrame: boolean;
  /** The next `size` bytes; undefined at the end. @throws BelayError EPROTO when it ends within them */
  take(size: number): Promise<Buffer | undefined>;
}

/** Tells of the bytes that have come whether they begin with a whole frame. */
export const startsWithFrame = (bytes: Buffer): boolean =>
  bytes.length >= headerSize && bytes.length >= 4 + bytes.readUInt32LE(0);

/** Bytes of any stream. What was taken stays as it is. */
export class ByteQueue implements ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  get hasFrame(): boolean {
    const [first] = this.#pieces;
    return first !== undefined && first.length >= headerSize && this.#length >= 4 + first.readUInt32LE(0);
  }

  async take(size: number): Promise<Buffer | undefined> {
    while (this.#length < size) {
      const next = await this.#chunks.next();
      if (next.done === true) {
        if (this.#length === 0) return undefined;
        throw malformed("the connection ended within a message");
      }
      this.#pieces.push(next.value);
      this.#length += next.value.length;
    }
    const all = this.#pieces.length === 1 ? (this.#pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pieces);
    this.#pieces = [all.subarray(size)];
    this.#length -= size;
    return all.subarray(0, size);
  }
}

/** The next frame; undefined when the peer closed the connection between two. @throws BelayError EPROTO */
export async function readFrame(queue: ByteSource): Promise<Frame | undefined> {
  const header = await queue.take(headerSize);
  if (header === undefined) return undefined;
  const length = header.readUInt32LE(0);
  if (length < 5 || length > maxFrame) throw malformed(`a frame of ${length} bytes`);
  const [type, request] = [header.readUInt8(4), header.readUInt32LE(5)];
  const payload = length === 5 ? Buffer.alloc(0) : await queue.take(length - 5);
  if (payload === undefined) throw malformed("the connection ended within a message");
  return { type, request, payload };
}

/** Writes and waits until the stream takes more. @throws BelayError EPIPE when nobody reads any more */
export async function writePieces(stream: Writable, pieces: readonly Buffer[]): Promise<void> {
  stream.cork();
  let isRoomy = true;
  for (const piece of pieces) isRoomy = stream.write(piece);
  stream.uncork();
  if (isRoomy) return;
  await new Promise<void>((resolve, reject) => {
    const settle = () => {
      stream.off("drain", settle).off("close", settle).off("error", settle);
      if (stream.destroyed) reject(new BelayError("EPIPE", "the peer has closed the connection"));
      else resolve();
    };
    stream.on("drain", settle).on("close", settle).on("error", settle);
    if (stream.destroyed) settle();
  });
}
