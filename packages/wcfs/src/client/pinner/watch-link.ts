import { ErrnoError, writeRaw } from "@belay/linux";
import { userError, type BelayError } from "@belay/supervise";
import { LineSplitter, parseFrame } from "../../isolation/frame.ts";

/** Bytes of the longest line that is taken: errors of the server name what went wrong. */
const longestLine = 65536;

/** What a link tells. */
export interface LinkOwner {
  /** The server asks for something; it has to be replied to. */
  request(stream: bigint, message: string): void;
  /** The server says why it is going to close the link. */
  control(message: string): void;
  /** Nothing can be asked or answered any more. @param error  undefined: we said bye, and the server has closed the link */
  down(error: BelayError | undefined): void;
}

type Waiter = (reply: string | BelayError) => void;

/**
 * One opened `head/watch`: requests and replies of both sides, in lines `<stream> <message>\n`.
 *
 * Odd streams are ours, even ones the server's, 0 is for what answers nothing. Whatever happens, each request is answered once: by
 * its reply, or by `link is down`.
 */
export class WatchLink {
  readonly #fd: number;
  readonly #owner: LinkOwner;
  readonly #lines = new LineSplitter();
  readonly #waiting = new Map<bigint, Waiter>();
  #next = 1n;
  #state: "up" | "leaving" | "down" = "up";

  /** @param fd  written to here; who reads it passes on what came */
  constructor(fd: number, owner: LinkOwner) {
    this.#fd = fd;
    this.#owner = owner;
  }

  /** Asks the server. `\n` is not allowed. */
  ask(message: string, answer: Waiter): void {
    if (this.#state !== "up") return answer(linkIsDown());
    const stream = this.#nextStream();
    this.#waiting.set(stream, answer);
    this.#write(stream, message);
  }

  /** Replies to the server. */
  reply(stream: bigint, message: string): void {
    if (this.#state !== "down") this.#write(stream, message);
  }

  /** Tells the server that we leave; it closes the link then. */
  bye(): void {
    if (this.#state !== "up") return;
    this.#state = "leaving";
    this.#write(this.#nextStream(), "bye");
  }

  isUp(): boolean {
    return this.#state === "up";
  }

  /** Takes in what was read. */
  push(bytes: Uint8Array): void {
    for (const line of this.#lines.push(bytes)) {
      if (this.#state === "down") return;
      this.#line(line);
    }
    if (this.#lines.pending > longestLine) this.#fail(userError("EPROTO", "input line is too long"));
  }

  /** There is nothing more to be read. @param error  errno name; undefined: the server has closed the link */
  ended(error?: string): void {
    if (this.#state === "leaving" && this.#lines.pending === 0) return this.#goDown(undefined);
    this.#fail(
      error === undefined ? userError("EPIPE", "unexpected EOF") : userError(error, `${error}: the server is gone`),
    );
  }

  #nextStream(): bigint {
    const stream = this.#next;
    this.#next = BigInt.asUintN(64, stream + 2n);
    return stream;
  }

  #line(line: Buffer): void {
    const frame = parseFrame(line);
    if ("problem" in frame) return this.#fail(userError("EPROTO", frame.problem));
    const message = frame.message.toString();
    if (frame.stream === 0n) return this.#owner.control(message);
    if (frame.stream % 2n === 0n) return this.#owner.request(frame.stream, message);
    const waiter = this.#waiting.get(frame.stream);
    if (waiter === undefined) return this.#fail(userError("EPROTO", `${frame.stream}: reply on unexpected stream`));
    this.#waiting.delete(frame.stream);
    waiter(message);
  }

  #write(stream: bigint, message: string): void {
    let bytes = Buffer.from(`${stream} ${message}\n`);
    while (bytes.length > 0) {
      const written = writeRaw(this.#fd, bytes, bytes.length);
      if (written === -EINTR) continue;
      if (written < 0) return this.#cannotWrite(-written);
      bytes = bytes.subarray(written);
    }
  }

  // Who reads will find the end, and perhaps what the server had to say before it.
  #cannotWrite(number: number): void {
    if (this.#state === "leaving") return;
    const { code } = new ErrnoError(number, "write");
    this.#fail(userError(code, `head/watch: ${code}: the link is closed`));
  }

  #fail(error: BelayError): void {
    this.#goDown(error);
  }

  #goDown(error: BelayError | undefined): void {
    if (this.#state === "down") return;
    this.#state = "down";
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#owner.down(error);
    for (const waiter of waiting) waiter(linkIsDown());
  }
}

function linkIsDown(): BelayError {
  return userError("EPIPE", "link is down");
}

const EINTR = 4;
