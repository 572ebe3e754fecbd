import { errno } from "@belay/linux";
import { Fifo } from "./fifo.ts";
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
  readonly #messages = new Fifo<Message>();
  #reads: WaitingRead[] = [];
  #ended = false;
  #whenReadable = new Set<() => void>();

  /** Messages that nobody has read. */
  get backlog(): number {
    return this.#messages.size;
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
    this.#messages.clear();
  }

  /** Whether a read would be answered at once. */
  isReadable(): boolean {
    return this.#messages.size > 0 || this.#ended;
  }

  /** Calls back once, when a message came that no read was waiting for, or the end. */
  whenReadable(callback: () => void): void {
    this.#whenReadable.add(callback);
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
    while (this.#reads.length > 0 && (this.#messages.size > 0 || this.#ended)) {
      const read = this.#reads.shift();
      read?.answer.give(this.#take(read.size));
    }
    if (this.isReadable()) this.#tellReadable();
  }

  #tellReadable(): void {
    const callbacks = [...this.#whenReadable];
    this.#whenReadable.clear();
    for (const callback of callbacks) callback();
  }

  #take(size: number): Buffer {
    const message = this.#messages.first;
    if (message === undefined) return Buffer.alloc(0);
    if (size < message.bytes.length) {
      this.#messages.replaceFirst({ ...message, bytes: message.bytes.subarray(size) });
      return message.bytes.subarray(0, size);
    }
    this.#messages.shift();
    message.onRead?.();
    return message.bytes;
  }
}
