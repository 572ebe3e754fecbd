import { errno } from "@belay/linux";

import type {
  Attr,
  DirectoryEntry,
  Entry,
  IoctlAnswer,
  LockAnswer,
  Opened,
  Statfs,
  StatxAnswer,
} from "../wire/answers.ts";
import { DirectoryList } from "../wire/directory-list.ts";
import * as encode from "../wire/encode.ts";
import type { Request } from "../wire/request.ts";
import type * as replies from "./replies.ts";
import type { ReplySender } from "./reply-sender.ts";

type AllReplies = replies.OkReply &
  replies.EntryReply &
  replies.AttrReply &
  replies.StatxReply &
  replies.OpenReply &
  replies.CreateReply &
  replies.WriteReply &
  replies.StatfsReply &
  replies.XattrReply &
  replies.DirectoryReply &
  replies.LockReply &
  replies.NumberReply &
  replies.PollReply &
  replies.IoctlReply;

/** The answer to one request, whatever its kind: which methods a handler sees is a matter of its type. */
export class PendingReply implements AllReplies {
  readonly request: Request;
  readonly #sender: ReplySender;
  #answered = false;
  #list: DirectoryList | undefined;

  constructor(request: Request, sender: ReplySender) {
    this.request = request;
    this.#sender = sender;
  }

  get answered(): boolean {
    return this.#answered;
  }

  error(number: number): void {
    this.#answer();
    this.#sender.error(this.request, number);
  }

  ok(): void {
    this.#fixed(() => 0);
  }

  entry(entry: Entry): void {
    this.#fixed((words) => encode.encodeEntry(words, entry));
  }

  attr(attr: Attr, valid = 0): void {
    this.#fixed((words) => encode.encodeAttr(words, attr, valid));
  }

  statx(answer: StatxAnswer, valid = 0): void {
    this.#fixed((words) => encode.encodeStatx(words, answer, valid));
  }

  opened(opened: Opened = {}): void {
    this.#fixed((words) => encode.encodeOpen(words, opened));
  }

  created(entry: Entry, opened: Opened = {}): void {
    this.#fixed((words) => encode.encodeCreate(words, entry, opened));
  }

  written(bytes: number): void {
    this.number(bytes);
  }

  number(value: number): void {
    this.#fixed((words) => encode.encodeNumber(words, value));
  }

  poll(revents: number): void {
    this.number(revents);
  }

  statfs(statfs: Statfs): void {
    this.#fixed((words) => encode.encodeStatfs(words, statfs));
  }

  lock(lock: LockAnswer): void {
    this.#fixed((words) => encode.encodeLock(words, lock));
  }

  ioctl(answer: IoctlAnswer): void {
    const words = new Uint32Array(4);
    encode.encodeIoctl(words, answer.result ?? 0);
    this.data(new Uint8Array(words.buffer), answer.output ?? nothing);
  }

  data(...pieces: readonly Uint8Array[]): void {
    this.#answer();
    this.#sender.data(this.request, pieces);
  }

  value(value: Uint8Array): void {
    const size = sizeOf(this.request);
    if (size === 0) this.number(value.length);
    else if (value.length > size) this.error(errno.ERANGE);
    else this.data(value);
  }

  buffer(size: number): Uint8Array {
    return this.#sender.lend(this, size);
  }

  get bufferAddress(): number {
    return this.#sender.bufferAddress;
  }

  splice(length: number): replies.FileBytes | undefined {
    return this.#sender.lendPipe(this.request, length);
  }

  sendSpliced(): number {
    this.#answer();
    return this.#sender.spliced(this.request);
  }

  /** Of a READ: the first `length` bytes of the buffer. Of a READDIR: the entries added. */
  send(length?: number): void {
    if (length === undefined) {
      this.data(this.#list?.bytes ?? nothing);
    } else {
      this.#sender.checkLent(this, length);
      this.#answer();
      this.#sender.lent(this.request, length);
    }
  }

  add(entry: DirectoryEntry, plus?: Entry): boolean {
    this.#list ??= new DirectoryList(sizeOf(this.request));
    return this.#list.add(entry, plus);
  }

  #fixed(encoder: (words: encode.Words) => number): void {
    this.#answer();
    this.#sender.fixed(this.request, encoder);
  }

  #answer(): void {
    if (this.#answered) throw new Error(`request ${this.request.unique} was answered before`);
    this.#answered = true;
    this.#sender.release(this);
    this.request.onInterrupt = undefined;
  }
}

// The requests whose answers have a limit say it in a field of that name.
function sizeOf(request: Request): number {
  return "size" in request && typeof request.size === "number" ? request.size : 0;
}

const nothing = new Uint8Array(0);
