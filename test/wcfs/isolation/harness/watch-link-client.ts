import type { Agent, AgentEvent } from "./agent.ts";

/** A pin the server asked for. */
export interface Pin {
  readonly stream: string;
  readonly oid: string;
  readonly blk: number;
  /** A tid, or `head`. */
  readonly rev: string;
}

/** Milliseconds that anything may take that need not wait for somebody. */
const SOON = 20_000;

/**
 * One link of a client, seen from the test: requests, and the pins that came and are not answered.
 *
 * Pins wait to be taken, so nothing is acked that a test did not mean to.
 */
export class WatchLinkClient {
  readonly agent: Agent;
  readonly fd: number;
  /** The control message and the end, when they have come. */
  control: string | undefined;
  ended = false;
  /** What the client has mapped by its acks: file, block → revision. */
  readonly pinned = new Map<string, Map<number, string>>();
  readonly #replies = new Map<string, string>();
  #pins: Pin[] = [];
  #changed = signal();
  #lastStream = -1;

  /**
   * @param options.fd of a `head/watch` that was opened already
   * @param options.deaf nothing is read but by `readLine`; only such a link can be closed by its process without a farewell, because a
   *   read that waits keeps a file open
   */
  static async open(
    agent: Agent,
    options: { readonly fd?: number; readonly deaf?: boolean } = {},
  ): Promise<WatchLinkClient> {
    const fd = options.fd ?? (await agent.call<{ fd: number }>("open", { path: "head/watch", flags: "r+" })).fd;
    const link = new WatchLinkClient(agent, fd);
    if (options.deaf !== true) await agent.call("pump", { fd });
    return link;
  }

  private constructor(agent: Agent, fd: number) {
    this.agent = agent;
    this.fd = fd;
    agent.events.on("event", (event) => {
      if (event.fd === fd) this.#take(event);
    });
  }

  /** Writes a text as it is. */
  async write(text: string): Promise<void> {
    await this.agent.call("write", { fd: this.fd, text });
  }

  /** Sends a request on the next stream. @returns the stream */
  async send(message: string): Promise<string> {
    this.#lastStream += 2;
    await this.write(`${this.#lastStream} ${message}\n`);
    return String(this.#lastStream);
  }

  /** Reads one message of a deaf link. */
  async readLine(): Promise<void> {
    await this.agent.call("readLine", { fd: this.fd });
  }

  /** The reply on a stream. @throws when it does not come in time, or the link ends before */
  async reply(stream: string, timeout = SOON): Promise<string> {
    await this.#until(() => this.#replies.has(stream) || this.ended, timeout, `a reply to ${stream}`);
    const reply = this.#replies.get(stream);
    if (reply === undefined) throw new Error(`link is down: ${this.control ?? "ended"}`);
    return reply;
  }

  /** Whether there is a reply already. */
  hasReply(stream: string): boolean {
    return this.#replies.has(stream);
  }

  async request(message: string, timeout?: number): Promise<string> {
    return this.reply(await this.send(message), timeout);
  }

  /** Asks for a watch whose set-up needs no pins, or whose pins somebody else takes. */
  watch(oid: string, at: string, timeout?: number): Promise<string> {
    return this.request(`watch ${oid} @${at}`, timeout);
  }

  /** Asks for a watch and acks its pins. @returns the pins, block → revision; the reply must be `ok` */
  async watchPins(oid: string, at: string): Promise<Record<number, string>> {
    const stream = await this.send(`watch ${oid} @${at}`);
    const pins: Record<number, string> = {};
    for (;;) {
      await this.#until(
        () => this.#pins.length > 0 || this.#replies.has(stream) || this.ended,
        SOON,
        "pins or a reply",
      );
      const pin = this.#pins.shift();
      if (pin === undefined) break;
      pins[pin.blk] = pin.rev;
      await this.ack(pin);
    }
    const reply = await this.reply(stream);
    if (reply !== "ok") throw new Error(`watch ${oid} @${at}: ${reply}`);
    return pins;
  }

  stop(oid: string): Promise<string> {
    return this.request(`watch ${oid} -`);
  }

  /** The next pin that was not taken yet. */
  async pin(timeout = SOON): Promise<Pin> {
    await this.#until(() => this.#pins.length > 0 || this.ended, timeout, "a pin");
    const pin = this.#pins.shift();
    if (pin === undefined) throw new Error(`link is down: ${this.control ?? "ended"}`);
    return pin;
  }

  /** Pins that have come and were not taken. */
  get untaken(): readonly Pin[] {
    return this.#pins;
  }

  /** Takes so many pins, in any order. @returns block → revision */
  async take(count: number): Promise<{ readonly pins: readonly Pin[]; readonly revs: Record<number, string> }> {
    const pins: Pin[] = [];
    while (pins.length < count) pins.push(await this.pin());
    return { pins, revs: Object.fromEntries(pins.map(({ blk, rev }) => [blk, rev])) };
  }

  async ack(...pins: readonly Pin[]): Promise<void> {
    for (const { oid, blk, rev } of pins) {
      const ofFile = this.pinned.get(oid) ?? new Map<number, string>();
      this.pinned.set(oid, ofFile);
      if (rev === "head") ofFile.delete(blk);
      else ofFile.set(blk, rev);
    }
    await this.write(pins.map(({ stream }) => `${stream} ack\n`).join(""));
  }

  /** Waits for the end of the link. */
  async untilEnd(timeout = SOON): Promise<void> {
    await this.#until(() => this.ended, timeout, "the end of the link");
  }

  async bye(): Promise<void> {
    await this.send("bye");
    await this.untilEnd();
    await this.close();
  }

  /** Closes the descriptor and says nothing. */
  async close(): Promise<void> {
    await this.agent.call("close", { fd: this.fd });
  }

  #take({ event, line = "" }: AgentEvent): void {
    const [, stream = "", message = ""] = /^(\d+) (.*)$/.exec(line) ?? [];
    const pin = /^pin ([0-9a-f]{16}) #(\d+) @([0-9a-f]{16}|head)$/.exec(message);
    if (event === "end") this.ended = true;
    else if (pin !== null) this.#pins.push({ stream, oid: pin[1] ?? "", blk: Number(pin[2]), rev: pin[3] ?? "" });
    else if (stream === "0") this.control = message;
    else this.#replies.set(stream, message);
    this.#changed.resolve();
    this.#changed = signal();
  }

  async #until(isSo: () => boolean, timeout: number, what: string): Promise<void> {
    const timer = signal();
    const late = setTimeout(() => timer.reject(new Error(`${what} did not come within ${timeout} ms`)), timeout);
    timer.promise.catch(() => undefined);
    try {
      while (!isSo()) await Promise.race([this.#changed.promise, timer.promise]);
    } finally {
      clearTimeout(late);
    }
  }
}

// A call's own type argument cannot be void.
function signal(): PromiseWithResolvers<void> {
  return Promise.withResolvers();
}
