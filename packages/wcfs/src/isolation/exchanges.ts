import type { PinFailure } from "./evict.ts";
import { goQuoteBytes } from "./quote-bytes.ts";
import type { ReadQueue } from "../tree/read-queue.ts";
import type { PinTarget } from "./texts.ts";
import { pinText } from "./texts.ts";
import type { IsolationWorld } from "./world.ts";

interface Exchange {
  readonly what: string;
  readonly stream: bigint;
  readonly done: () => void;
  deadline: number;
  timer: { cancel(): void };
  read: boolean;
}

const ack = Buffer.from("ack");
const lastStream = (1n << 64n) - 2n;

/** Milliseconds between looks at whether anybody waits for a pin whose lateness was forgiven. */
const lookAgain = 1000;

/** A failed exchange, as the control message and the log name it. */
export interface FailedPin {
  /** `#<blk> @<rev>`. */
  readonly what: string;
  readonly failure: PinFailure;
}

/** Whom exchanges tell how they go. */
export interface ExchangeObserver {
  failed(pin: FailedPin): void;
  /** A pin's time is up. @returns true: it may take longer; asked once */
  isForgiven(what: string): boolean;
  /** @returns true: a pin that was forgiven may take even longer */
  staysForgiven(): boolean;
}

/** The requests of the server that wait for a client's answer, by stream. */
export class Exchanges {
  readonly #world: IsolationWorld;
  readonly #out: ReadQueue;
  readonly #observer: ExchangeObserver;
  readonly #open = new Map<bigint, Exchange>();
  #nextStream = 2n;

  constructor(world: IsolationWorld, out: ReadQueue, observer: ExchangeObserver) {
    this.#world = world;
    this.#out = out;
    this.#observer = observer;
  }

  /** Sends a request; its time runs from now, whether the client reads it or not. */
  start(request: string, blk: number, target: PinTarget, done: () => void): void {
    const stream = this.#takeStream();
    const exchange: Exchange = {
      what: pinText(blk, target),
      stream,
      done,
      deadline: this.#world.now() + this.#world.pinTimeout,
      timer: this.#world.after(Math.max(0, this.#world.pinTimeout), () => this.#timeIsUp(exchange)),
      read: false,
    };
    this.#open.set(stream, exchange);
    this.#out.push(Buffer.from(`${stream} ${request}\n`), () => (exchange.read = true));
  }

  /** Takes the client's answer. @returns false: nothing was asked on that stream */
  reply(stream: bigint, message: Buffer): boolean {
    const exchange = this.#open.get(stream);
    if (exchange === undefined) return false;
    if (message.equals(ack)) this.#settle(exchange);
    else this.#fail(exchange, { kind: "violation", text: `expect "ack"; got ${goQuoteBytes(message)}` });
    return true;
  }

  /** The link broke: the oldest request without an answer, if there is one, has failed. */
  broken(): FailedPin | undefined {
    const [oldest] = this.#open.values();
    if (oldest === undefined) return undefined;
    const text = `${waitingText(oldest)}: context canceled`;
    return { what: oldest.what, failure: { kind: "broken", text, deadline: oldest.deadline } };
  }

  /** Nobody is asked any more; everyone who waits may go on. */
  release(): void {
    for (const exchange of [...this.#open.values()]) this.#settle(exchange);
  }

  /** Time no longer runs; what is open stays so until {@link release}. */
  stopTimers(): void {
    for (const exchange of this.#open.values()) exchange.timer.cancel();
  }

  #settle(exchange: Exchange): void {
    this.#open.delete(exchange.stream);
    exchange.timer.cancel();
    exchange.done();
  }

  #timeIsUp(exchange: Exchange): void {
    if (this.#observer.isForgiven(exchange.what)) this.#goOn(exchange);
    else this.#timedOut(exchange);
  }

  // A client that now breaks the link gets the time that any other would get to end.
  #goOn(exchange: Exchange): void {
    exchange.deadline = this.#world.now() + this.#world.pinTimeout;
    exchange.timer = this.#world.after(lookAgain, () => {
      if (this.#observer.staysForgiven()) this.#goOn(exchange);
      else this.#timedOut(exchange);
    });
  }

  #timedOut(exchange: Exchange): void {
    this.#fail(exchange, { kind: "timeout", text: `${waitingText(exchange)}: context deadline exceeded` });
  }

  #fail(exchange: Exchange, failure: PinFailure): void {
    this.#observer.failed({ what: exchange.what, failure });
  }

  #takeStream(): bigint {
    const stream = this.#nextStream;
    this.#nextStream = stream === lastStream ? 2n : stream + 2n;
    return stream;
  }
}

function waitingText(exchange: Exchange): string {
  return `sendReq: ${exchange.read ? "waiting for reply" : `send .${exchange.stream}`}`;
}
