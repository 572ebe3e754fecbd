import { ErrnoError, errno } from "@belay/linux";
import type { Answer, Stream } from "./node.ts";

/** Bytes of a request line; clients send far less. */
const MAX_LINE = 4096;

/**
 * One opened `head/watch` that sets up no watches: requests are understood and refused.
 *
 * `N bye` ends the link, other requests are answered `N error …`, and what is no frame ends it with a control message.
 */
export class RefusingLink implements Stream {
  readonly #onClose: () => void;
  #out: Buffer[] = [];
  #in = "";
  #down = false;
  #waiting: { size: number; answer: Answer<Uint8Array> }[] = [];

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  read(size: number, answer: Answer<Uint8Array>): void {
    const request = { size, answer };
    this.#waiting.push(request);
    answer.onInterrupt(() => {
      this.#waiting = this.#waiting.filter((other) => other !== request);
      answer.refuse(errno.EINTR);
    });
    this.#serve();
  }

  write(data: Uint8Array): void {
    if (this.#down) throw new ErrnoError(errno.ECONNRESET, "write");
    this.#in += Buffer.from(data).toString();
    for (let end = this.#in.indexOf("\n"); end >= 0 && !this.#down; end = this.#in.indexOf("\n")) {
      this.#line(this.#in.slice(0, end));
      this.#in = this.#in.slice(end + 1);
    }
    if (this.#in.length > MAX_LINE) this.#fail("line too long");
    this.#serve();
  }

  close(): void {
    this.#down = true;
    this.#serve();
    this.#onClose();
  }

  #line(line: string): void {
    const frame = /^(\d+) (.*)$/s.exec(line);
    if (frame === null) return this.#fail(`invalid frame: ${JSON.stringify(`${line}\n`)}`);
    const [, stream = "", message = ""] = frame;
    if (BigInt(stream) % 2n === 0n) return this.#fail(`${stream}: reply on unexpected stream`);
    if (message === "bye") this.#down = true;
    else this.#send(`${stream} error ${refusal(message)}`);
  }

  #fail(text: string): void {
    this.#send(`0 error: ${text}`);
    this.#down = true;
  }

  #send(line: string): void {
    this.#out.push(Buffer.from(`${line}\n`));
  }

  #serve(): void {
    while (this.#waiting.length > 0 && (this.#out.length > 0 || this.#down)) {
      const { size, answer } = this.#waiting.shift() as { size: number; answer: Answer<Uint8Array> };
      const line = this.#out.shift() ?? Buffer.alloc(0);
      if (line.length > size) this.#out.unshift(line.subarray(size));
      answer.give(line.subarray(0, size));
    }
  }
}

function refusal(message: string): string {
  if (!message.startsWith("watch ")) return `bad watch: not a watch request: ${JSON.stringify(message)}`;
  return "setup watch: this server sets up no watches";
}
