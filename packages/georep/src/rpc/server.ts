import type { Readable, Writable } from "node:stream";

import { BelayError, errnoName, hasCode, toError } from "@belay/supervise";
import { databaseErrno } from "../database/database-errno.ts";
import { errorReply, replyBit } from "./client.ts";
import { compressedBit, decompressPayload } from "./compression.ts";
import { DirectInput } from "./direct-input.ts";
import { ByteQueue, readFrame, writePieces } from "./frames.ts";
import { HeldReplies } from "./held-replies.ts";
import { moreToRead } from "./more-to-read.ts";
import { methods, type Method } from "./messages.ts";
import { encodePreamble, readPreamble, type Preamble } from "./preamble.ts";
import { malformed, WireReader, WireWriter } from "./wire.ts";

/** Answers one request: takes all of it from the reader, whose bytes are used again when it is answered, and writes the reply. */
export type Handler = (request: WireReader, reply: WireWriter) => void | Promise<void>;

/** A handler for every method there is. */
export type Handlers = Readonly<Record<Method, Handler>>;

/** Bytes of requests a worker may have under way. */
export const serverCredit = 16 * 1024 * 1024;

const methodOf = new Map(Object.entries(methods).map(([name, type]) => [type as number, name as Method]));

/**
 * Serves one worker until it closes the connection. Requests are worked through one after the other.
 *
 * @param start  opens the session that the worker names
 * @throws BelayError EPROTO for a peer that breaks the protocol; nothing it sent is answered any more
 */
export async function serveRpc(
  input: Readable,
  output: Writable,
  start: (worker: Preamble) => Handlers | Promise<Handlers>,
): Promise<void> {
  const queue = input instanceof DirectInput ? input.bytes : new ByteQueue(input);
  output.on("error", () => input.destroy());
  const worker = await readPreamble(queue, "worker");
  const handlers = await start(worker);
  await writePieces(output, [encodePreamble({ role: "secondary", session: worker.session, credit: serverCredit })]);
  const replies = new HeldReplies(output);
  const mayRead = moreToRead(input);
  for (;;) {
    const frame = await (queue.hasFrame ? readFrame(queue) : replies.whileReading(() => readFrame(queue)));
    if (frame === undefined) return replies.send();
    const isCompressed = (frame.type & compressedBit) !== 0;
    const requested = frame.type & ~compressedBit;
    const method = methodOf.get(requested);
    if (method === undefined) throw malformed(`a request of type ${frame.type}`);
    const request = isCompressed ? decompressPayload(frame.payload) : frame.payload;
    const { type, payload } = await answer(handlers[method], requested, request);
    replies.add({ type, request: frame.request, payload });
    // Each write wakes the worker, which has enough to do elsewhere as long as requests are waiting here.
    if (replies.isDue || !(queue.hasFrame || mayRead())) await replies.send();
  }
}

async function answer(handler: Handler, type: number, payload: Buffer): Promise<{ type: number; payload: Buffer }> {
  const writer = new WireWriter();
  try {
    const reader = new WireReader(payload);
    await handler(reader, writer);
    reader.end();
    return { type: type | replyBit, payload: writer.finish() };
  } catch (error) {
    if (hasCode(error, "EPROTO")) throw error;
    return { type: errorReply, payload: errorPayload(toError(error)) };
  }
}

function errorPayload(error: Error): Buffer {
  const own = "code" in error && typeof error.code === "string" ? error.code : "EBUG";
  const code = errnoName(error) ?? databaseErrno(error) ?? own;
  const hint = error instanceof BelayError ? error.hint : undefined;
  const cut = (text: string, length: number) => text.slice(0, length);
  return new WireWriter()
    .text(cut(code, 40))
    .text(cut(error.message, 2000))
    .text(cut(hint ?? "", 500))
    .finish();
}
