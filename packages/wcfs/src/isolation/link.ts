import { ErrnoError, errno } from "@belay/linux";
import type { Oid } from "@belay/zodb";
import type { Answer, Stream } from "../tree/node.ts";
import type { ClientProcess } from "./client-process.ts";
import { Exchanges, type FailedPin } from "./exchanges.ts";
import { evict, type Eviction } from "./evict.ts";
import { LineSplitter, longestLine, parseFrame } from "./frame.ts";
import { ReadQueue } from "../tree/read-queue.ts";
import { Sequences } from "./sequences.ts";
import { pinRequest } from "./texts.ts";
import { Watch } from "./watch.ts";
import type { IsolationWorld } from "./world.ts";

/** What a link tells those who have it. */
export interface LinkOwner {
  /** A client asks something. */
  request(link: Link, stream: bigint, message: Buffer): void;
  /** A pin is about to be sent. */
  pinStarted(): void;
  /** Whether the client may take longer for a pin than it should. */
  mayBeLate(client: ClientProcess): boolean;
  /** A late pin was forgiven. */
  forgave(): void;
  /** The client is to be killed: whatever it waits for in the kernel has to be answered, or it could not end. */
  evicting(client: ClientProcess): void;
  evicted(end: Eviction): void;
  /** Nothing of the link is in force any more. */
  gone(link: Link): void;
}

/** Messages that a client may leave unread, and requests it may have open, before it is let go. */
const most = 1 << 16;

/**
 * One opened `head/watch`: a conversation with one client about any number of files.
 *
 * `up` → `down` (nothing new is asked or answered; perhaps a client has to be evicted) → `gone` (its watches are no more, everyone who waited for it
 * goes on). Streams end for the reader with `down`.
 */
export class Link implements Stream {
  readonly client: ClientProcess;
  readonly watches = new Map<Oid, Watch>();
  /** Set-ups of one file follow one another. */
  readonly sequences = new Sequences<Oid>();
  readonly #world: IsolationWorld;
  readonly #owner: LinkOwner;
  readonly #in = new LineSplitter();
  readonly #out = new ReadQueue();
  readonly #exchanges: Exchanges;
  readonly #onDown = new Set<() => void>();
  #state: "up" | "down" | "gone" = "up";
  #closed = false;
  /** Requests that were not answered yet. */
  #asked = 0;

  constructor(world: IsolationWorld, owner: LinkOwner, client: ClientProcess) {
    this.client = client;
    this.#world = world;
    this.#owner = owner;
    this.#exchanges = new Exchanges(world, this.#out, {
      failed: (pin) => this.#pinFailed(pin),
      isForgiven: (what) => this.#forgive(what),
      staysForgiven: () => this.#owner.mayBeLate(this.client),
    });
  }

  /** Whether anything can still be asked or answered. */
  isUp(): boolean {
    return this.#state === "up";
  }

  /** A watch of this link; registering it is the caller's business. */
  newWatch(oid: Oid, at: bigint): Watch {
    return new Watch(oid, at, this.client, (blk, target, done) => {
      if (this.#state === "gone") return done();
      this.#owner.pinStarted();
      this.#exchanges.start(pinRequest(oid, blk, target), blk, target, done);
      // On a link that is going down nobody will answer; who waits, waits for its end.
      if (this.#state === "down") this.#exchanges.stopTimers();
    });
  }

  /** Calls back when the link goes down. @returns takes that back */
  onDown(callback: () => void): () => void {
    this.#onDown.add(callback);
    return () => void this.#onDown.delete(callback);
  }

  reply(stream: bigint, text: string): void {
    this.#asked--;
    if (!this.isUp()) return;
    if (this.#out.backlog > most) return this.#violation("error: too many messages are not read");
    this.#out.push(Buffer.from(`${stream} ${text}\n`));
  }

  read(size: number, answer: Answer<Uint8Array>): void {
    this.#out.read(size, answer);
  }

  isReadable(): boolean {
    return this.#out.isReadable();
  }

  whenReadable(callback: () => void): void {
    this.#out.whenReadable(callback);
  }

  write(data: Uint8Array): void {
    if (!this.isUp()) throw new ErrnoError(errno.ECONNRESET, "write", "head/watch");
    for (const line of this.#in.push(data)) {
      this.#line(line);
      if (!this.isUp()) return;
    }
    if (this.#in.pending > longestLine) this.#violation("error: line is too long");
  }

  close(): void {
    this.#closed = true;
    // Otherwise it goes when the link is gone, which may be now.
    if (this.#state === "gone") this.client[Symbol.dispose]();
    else if (this.isUp()) this.#closedWithoutBye();
  }

  /** Ends the link at once, whoever waits for it. */
  drop(): void {
    this.#goDown();
    this.#gone();
  }

  #line(line: Buffer): void {
    const frame = parseFrame(line);
    if ("problem" in frame) return this.#violation(`error: ${frame.problem}`);
    const { stream, message } = frame;
    if (stream % 2n === 1n) return message.equals(bye) ? this.#bye() : this.#request(stream, message);
    if (!this.#exchanges.reply(stream, message)) this.#violation(`error: ${stream}: reply on unexpected stream`);
  }

  #request(stream: bigint, message: Buffer): void {
    if (++this.#asked > most) return this.#violation("error: too many requests are not answered");
    this.#owner.request(this, stream, message);
  }

  #forgive(what: string): boolean {
    if (!this.#owner.mayBeLate(this.client)) return false;
    this.#owner.forgave();
    this.#world.log(
      "warn",
      `pid${this.client.pid}: pin ${what} is not answered in time; nobody else waits for it: going on`,
    );
    return true;
  }

  #bye(): void {
    this.#out.clear();
    this.drop();
  }

  // With a pin pending the broken conversation means that it will not be answered.
  #violation(control: string): void {
    const failed = this.#exchanges.broken();
    if (failed !== undefined) return this.#pinFailed(failed);
    this.#out.push(Buffer.from(`0 ${control}\n`));
    this.drop();
  }

  #closedWithoutBye(): void {
    const failed = this.#exchanges.broken();
    if (failed !== undefined) return this.#pinFailed(failed);
    this.#world.log("error", `pid${this.client.pid}: watch link closed without bye`);
    this.drop();
  }

  #pinFailed({ what, failure }: FailedPin): void {
    if (!this.isUp()) return;
    this.#out.push(Buffer.from(`0 fatal: pin ${what}: ${failure.text}\n`));
    this.#goDown();
    evict(
      this.#world,
      this.client,
      { ...failure, text: `pin ${what}: ${failure.text}` },
      {
        killing: () => this.#owner.evicting(this.client),
        over: (end) => {
          this.#owner.evicted(end);
          // Nobody may go on while a client that cannot be killed could see what they see.
          if (end !== "survived") this.#gone();
        },
      },
    );
  }

  #goDown(): void {
    if (this.#state !== "up") return;
    this.#state = "down";
    this.#exchanges.stopTimers();
    this.#out.end();
    for (const callback of [...this.#onDown]) callback();
    this.#onDown.clear();
  }

  #gone(): void {
    if (this.#state === "gone") return;
    this.#state = "gone";
    for (const watch of this.watches.values()) watch.remove();
    this.#owner.gone(this);
    this.watches.clear();
    this.#exchanges.release();
    if (this.#closed) this.client[Symbol.dispose]();
  }
}

const bye = Buffer.from("bye");
