import { errno } from "@belay/linux";
import type { Answer } from "./node.ts";

interface Message {
  readonly bytes: Buffer;
  /** Called when the last byte was given to a reader. */
  readonly onRead: (() => void) | undefined;
}

interface WaitingRead {
  readonly size: number;
  readonly answer: Answer<Uint8Array>;
}

/** Messages on their way to the readers of a stream. A read gets one message, or the part of one that it asked for. */
export class ReadQueue {
  #messages: Message[] = [];
  #reads: WaitingRead[] = [];
  #ended = false;

  /** Messages that nobody has read. */
  get backlog(): number {
    return this.#messages.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Appends a message; after the end it is dropped. */
  push(bytes: Buffer, onRead?: () => void): void {
    if (this.#ended) return;
    this.#messages.push({ bytes, onRead });
    this.#serve();
  }

  /** Nothing follows any more: once the messages are read, reads get nothing, at once. */
  end(): void {
    this.#ended = true;
    this.#serve();
  }

  /** Drops the messages nobody has read. */
  clear(): void {
    this.#messages = [];
  }

  read(size: number, answer: Answer<Uint8Array>): void {
    const read = { size, answer };
    this.#reads.push(read);
    answer.onInterrupt(() => {
      if (!this.#reads.includes(read)) return;
      this.#reads = this.#reads.filter((other) => other !== read);
      answer.refuse(errno.EINTR);
    });
    this.#serve();
  }

  #serve(): void {
    while (this.#reads.length > 0 && (this.#messages.length > 0 || this.#ended)) {
      const read = this.#reads.shift();
      read?.answer.give(this.#take(read.size));
    }
  }

  #take(size: number): Buffer {
    const message = this.#messages[0];
    if (message === undefined) return Buffer.alloc(0);
    if (size < message.bytes.length) {
      this.#messages[0] = { ...message, bytes: message.bytes.subarray(size) };
      return message.bytes.subarray(0, size);
    }
    this.#messages.shift();
    message.onRead?.();
    return message.bytes;
  }
}
