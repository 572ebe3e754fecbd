import type { Writable } from "node:stream";

import { createTokenBucket, type TokenBucket } from "../policy/token-bucket.ts";
import { compressedBit, compressPayload } from "./compression.ts";
import { DirectOutput } from "./direct-output.ts";
import { encodeFrame, writePieces, type Frame } from "./frames.ts";

/** How requests travel. */
export interface Transport {
  readonly compress: "none" | "zstd";
  /** Bytes a second now; undefined: as fast as it goes. */
  readonly bandwidth: () => number | undefined;
}

/** As fast as it goes, as it is. */
export const plainTransport: Transport = { compress: "none", bandwidth: () => undefined };

const sent = Promise.resolve();

/** Writes frames one after the other, in the order in which they are given to it: compressed, and no faster than is allowed. */
export class FrameSender {
  readonly #output: Writable;
  readonly #direct: DirectOutput;
  readonly #compresses: boolean;
  readonly #bucket: TokenBucket;
  readonly #onProgress: () => void;
  #last: Promise<void> = Promise.resolve();
  #underWay = 0;

  /** @param onProgress  told while a frame goes out slowly: the peer cannot have answered it yet */
  constructor(output: Writable, { compress, bandwidth }: Transport, onProgress: () => void) {
    this.#output = output;
    this.#direct = new DirectOutput(output);
    this.#compresses = compress === "zstd";
    this.#bucket = createTokenBucket(bandwidth);
    this.#onProgress = onProgress;
  }

  /** Nothing is compressed, nor held back for a limit of bandwidth. */
  get isPlain(): boolean {
    return !this.#compresses && this.#bucket.portion === undefined;
  }

  /** Resolves when the stream takes more. @throws BelayError EPIPE */
  send(frame: Frame): Promise<void> {
    if (!this.isPlain || this.#underWay > 0) return this.#sendInTurn(frame);
    const left = this.#direct.write(encodeFrame(frame));
    return left.length === 0 ? sent : writePieces(this.#output, left);
  }

  /** Waits until this many bytes may go, by whatever way. */
  async pace(bytes: number): Promise<void> {
    for (let left = bytes; left > 0 && this.#bucket.portion !== undefined;) {
      const portion = Math.min(left, this.#bucket.portion);
      await this.#bucket.take(portion);
      left -= portion;
    }
  }

  async #sendInTurn(frame: Frame): Promise<void> {
    // Compressing goes on while others are written.
    const packed = this.#compresses ? compressed(frame) : Promise.resolve(frame);
    const before = this.#last;
    this.#underWay++;
    const sent = packed.then(async (ready) => {
      await before;
      await this.#write(ready);
    });
    this.#last = sent.catch(() => undefined).finally(() => this.#underWay--);
    return sent;
  }

  async #write(frame: Frame): Promise<void> {
    for (const part of encodeFrame(frame))
      for (let at = 0; at < part.length;) {
        const piece = part.subarray(at, at + (this.#bucket.portion ?? part.length));
        await this.#bucket.take(piece.length);
        await writePieces(this.#output, [piece]);
        this.#onProgress();
        at += piece.length;
      }
  }
}

async function compressed(frame: Frame): Promise<Frame> {
  const { type, request, tail } = frame;
  const payload = await compressPayload(
    tail === undefined || tail.length === 0 ? frame.payload : Buffer.concat([frame.payload, tail]),
  );
  return payload === undefined ? frame : { type: type | compressedBit, request, payload };
}
