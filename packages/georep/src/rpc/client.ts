import type { Readable, Writable } from "node:stream";

import { BelayError, toError } from "@belay/supervise";
import { FrameSender, plainTransport } from "./frame-sender.ts";
import { ByteQueue, readFrame, writePieces } from "./frames.ts";
import { methods, type Method } from "./messages.ts";
import { MessageMemory } from "./message-memory.ts";
import { makeRoomy } from "./roomy-output.ts";
import { encodePreamble, readPreamble, type Preamble } from "./preamble.ts";
import { CountedSilence } from "./silence.ts";
import { malformed, WireReader, WireWriter } from "./wire.ts";

/** Replies have the type of their request with this bit. */
export const replyBit = 0x80;
/** Type of the reply that tells an error. */
export const errorReply = 0xff;

/** How often an idle connection says at least that it is alive, and how long silence may last, in milliseconds. */
export const heartbeat = { everyMs: 10_000, lostMs: 120_000 };

interface Waiting {
  readonly method: Method;
  readonly size: number;
  /** Holds the message, which the peer has when it answers. */
  readonly memory: Buffer;
  readonly resolve: (reader: WireReader) => void;
  readonly reject: (error: Error) => void;
}

/** A request that has no room yet. */
interface Held {
  readonly size: number;
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

const nothing = Buffer.alloc(0);

/** The worker's end of a connection. Requests go in the order in which they are made, and are answered in it. */
export class RpcClient implements Disposable {
  readonly #output: Writable;
  readonly #queue: ByteQueue;
  readonly #waiting = new Map<number, Waiting>();
  readonly #memory = new MessageMemory();
  readonly #wantingRoom: Held[] = [];
  #credit = 0;
  #lastRequest = 0;
  #failure: Error | undefined;
  #hasHeard = false;
  #silentBeats = 0;
  #beat: NodeJS.Timeout | undefined;
  readonly #lostMs: number;
  readonly lost: Promise<Error>;
  readonly silence = new CountedSilence();
  readonly #lose: (error: Error) => void;
  readonly #sender: FrameSender;

  /** @param lostMs  see {@link heartbeat}; 0: silence may last for ever */
  constructor(input: Readable, output: Writable, transport = plainTransport, lostMs = heartbeat.lostMs) {
    this.#output = output;
    this.#lostMs = lostMs;
    this.#sender = new FrameSender(output, transport, () => (this.#hasHeard = true));
    this.#queue = new ByteQueue(input);
    makeRoomy(output);
    output.on("error", (error) => this.#fail(error));
    output.setMaxListeners(0); // several requests may wait for room at once
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.lost = promise;
    this.#lose = resolve;
  }

  /** Exchanges preambles. @throws BelayError EPROTO */
  async connect(session: string): Promise<Preamble> {
    await writePieces(this.#output, [encodePreamble({ role: "worker", session, credit: 0 })]);
    const peer = await readPreamble(this.#queue, "secondary");
    this.#credit = Math.max(peer.credit, 1);
    void this.#receive();
    const everyMs = this.#lostMs === 0 ? heartbeat.everyMs : Math.min(heartbeat.everyMs, this.#lostMs / 3);
    const mostSilent = this.#lostMs === 0 ? Infinity : Math.ceil(this.#lostMs / everyMs);
    this.#beat = setInterval(() => this.#pulse(everyMs, mostSilent), everyMs).unref();
    return peer;
  }

  /**
   * Asks and waits for the answer.
   *
   * Waits first while requests under way use up the credit that the peer gave; one larger than all of it goes alone.
   *
   * @param tail  further bytes of the message, which are not copied
   * @param expected  how long the message will be without them, about
   * @throws BelayError the peer's error (with `remote: true`), or `ECONNLOST`
   */
  call(
    method: Method,
    write?: (writer: WireWriter) => void,
    { tail = nothing, expected = 0 }: { readonly tail?: Buffer; readonly expected?: number } = {},
  ): Promise<WireReader> {
    const writer = new WireWriter(this.#memory.take(expected));
    write?.(writer);
    const { memory } = writer;
    const payload = writer.finish();
    const size = payload.length + tail.length;
    const reply = new Promise<WireReader>((resolve, reject) => {
      const start = () => this.#start({ method, size, memory, resolve, reject }, payload, tail);
      if (this.#failure !== undefined) reject(this.#failure);
      else if (this.#wantingRoom.length === 0 && this.#fits(size)) start();
      else this.#wantingRoom.push({ size, start, reject });
    });
    reply.catch(() => undefined); // a caller that is still writing awaits it later
    return reply;
  }

  /** What is sent goes as it is, as fast as it can. */
  get isPlain(): boolean {
    return this.#failure === undefined && this.#sender.isPlain;
  }

  /** Waits until this many bytes may go, by whatever way. */
  pace(bytes: number): Promise<void> {
    return this.#sender.pace(bytes);
  }

  [Symbol.dispose](): void {
    this.#fail(new BelayError("ECONNLOST", "the connection was closed", { isCanceled: true }));
    this.#output.end();
  }

  #fits(size: number): boolean {
    return this.#waiting.size === 0 || this.#credit >= size;
  }

  #start(waiting: Waiting, payload: Buffer, tail: Buffer): void {
    const request = (this.#lastRequest = (this.#lastRequest + 1) >>> 0);
    this.#credit -= waiting.size;
    this.#waiting.set(request, waiting);
    this.#sender.send({ type: methods[waiting.method], request, payload, tail }).catch(waiting.reject);
  }

  async #receive(): Promise<void> {
    try {
      for (;;) {
        const frame = await readFrame(this.#queue);
        if (frame === undefined) throw new BelayError("ECONNLOST", "the secondary has closed the connection");
        this.#hasHeard = true;
        if (this.#silentBeats > 0) this.#countSilence(0, 0);
        this.#answer(frame.type, frame.request, frame.payload);
      }
    } catch (error) {
      this.#fail(toError(error));
    }
  }

  #answer(type: number, request: number, payload: Buffer): void {
    const waiting = this.#waiting.get(request);
    if (waiting === undefined) throw malformed("an answer to nothing");
    this.#waiting.delete(request);
    this.#credit += waiting.size;
    this.#memory.give(waiting.memory);
    for (let next = this.#wantingRoom[0]; next !== undefined && this.#fits(next.size); next = this.#wantingRoom[0]) {
      this.#wantingRoom.shift();
      next.start();
    }
    if (type === errorReply) waiting.reject(remoteError(new WireReader(payload)));
    else if (type === (methods[waiting.method] | replyBit)) waiting.resolve(new WireReader(payload));
    else throw malformed(`an answer of type ${type}`);
  }

  // Silence is counted in beats, as time also goes by while this process is stopped: that is not the peer's silence.
  #pulse(everyMs: number, mostSilent: number): void {
    this.#countSilence(this.#hasHeard || this.#waiting.size === 0 ? 0 : this.#silentBeats + 1, everyMs);
    this.#hasHeard = false;
    if (this.#silentBeats >= mostSilent)
      this.#fail(new BelayError("ECONNLOST", `no answer from the secondary for ${this.#lostMs / 1000} s`));
    else if (this.#waiting.size === 0) this.call("ping").catch(() => undefined);
  }

  #countSilence(beats: number, everyMs: number): void {
    this.#silentBeats = beats;
    this.silence.set(beats * everyMs);
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearInterval(this.#beat);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const { reject } of this.#wantingRoom.splice(0)) reject(error);
    this.#lose(error);
  }
}

function remoteError(reader: WireReader): BelayError {
  const [code, message, hint] = [reader.text(40), reader.text(8000), reader.text(2000)];
  return new BelayError(code, message, { remote: true, hint: hint === "" ? undefined : hint });
}
