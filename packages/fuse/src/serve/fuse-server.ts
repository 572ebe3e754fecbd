import { addressOf, allocatePages, errno, ErrnoError, errnoOf, pageSize, readRaw, setNonBlocking } from "@belay/linux";

import { RetrieveInbox } from "../notify/retrieve-inbox.ts";
import { decodeRequest } from "../wire/decode.ts";
import { MalformedMessage, Message } from "../wire/message.ts";
import { FUSE_DO_READDIRPLUS, FUSE_READDIRPLUS_AUTO, FUSE_SETXATTR_EXT } from "../wire/init-flags.ts";
import { protocolMajor } from "../wire/flags.ts";
import { opcode, opcodeName } from "../wire/opcodes.ts";
import { Request } from "../wire/request.ts";
import { ForgetRequest } from "../wire/request-names.ts";
import { InitRequest, InterruptRequest, NotifyReplyRequest } from "../wire/request-session.ts";
import {
  encodeInit,
  encodeOtherMajor,
  isSupported,
  largestPages,
  largestWrite,
  negotiate,
  type Connection,
  type InitOptions,
} from "./connection.ts";
import type { FileSystem, Handled } from "./file-system.ts";
import { methodOf } from "./methods.ts";
import { PendingReply } from "./pending-reply.ts";
import { ReplySender } from "./reply-sender.ts";
import { ServeLoop, type LoopSource } from "./serve-loop.ts";

/**
 * Why serving ended. `aborted`: through fusectl or by umount --force; the mount may still be there, and whoever uses it
 * gets ENOTCONN. Without FUSE_ABORT_ERROR an abort looks like an unmount.
 */
export type ServeEnd = "unmounted" | "aborted" | "stopped";

/** What to serve. */
export interface FuseServerOptions {
  /** The /dev/fuse descriptor of a mount. It becomes non-blocking. The caller closes it. */
  readonly fd: number;
  readonly fileSystem: FileSystem;
  /** Default: a loop of its own. */
  readonly loop?: ServeLoop;
  readonly init?: InitOptions;
  /** Told of exceptions in handlers and of messages that make no sense. Serving goes on. Default: a process warning. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Serves one /dev/fuse descriptor on the calling thread: reads a request, calls the handler, writes the reply.
 *
 * @see FileSystem for what handlers may do
 */
export class FuseServer implements LoopSource, Disposable {
  readonly fd: number;
  readonly loop: ServeLoop;
  readonly #ownLoop: boolean;
  readonly #fileSystem: FileSystem;
  readonly #init: InitOptions;
  readonly #onError: (error: unknown) => void;
  readonly #memory;
  readonly #address: number;
  readonly #message: Message;
  readonly #sender: ReplySender;
  readonly #pending = new Map<number, PendingReply>();
  readonly #inboxes = new Set<RetrieveInbox>();
  #connection: Connection | undefined;
  #decodeOptions = { setxattrExt: false };
  #end: ServeEnd | undefined;
  #failure: Error | undefined;

  constructor(options: FuseServerOptions) {
    this.fd = options.fd;
    this.loop = options.loop ?? new ServeLoop();
    this.#ownLoop = options.loop === undefined;
    this.#fileSystem = options.fileSystem;
    this.#init = options.init ?? {};
    this.#onError = options.onError ?? ((error) => process.emitWarning(error instanceof Error ? error : String(error)));
    this.#memory = allocatePages(Math.max(largestWrite(this.#init), 8192) + pageSize());
    const buffer = this.#memory.view();
    this.#address = addressOf(buffer);
    this.#message = new Message(buffer);
    const largestRead = Math.max(largestPages(this.#init) * pageSize(), 1 << 16);
    this.#sender = new ReplySender(
      this.fd,
      largestRead,
      (request) => this.#pending.delete(request.unique),
      this.#onError,
    );
    setNonBlocking(this.fd, true);
  }

  /** Outcome of the INIT exchange; undefined before it. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Requests that were kept for later and are not answered yet. */
  get pendingRequests(): number {
    return this.#pending.size;
  }

  get ended(): boolean {
    return this.#end !== undefined || this.#failure !== undefined;
  }

  /**
   * Serves until the mount is gone, the connection is aborted or {@link stop} is called. Blocks the thread most of the
   * time.
   *
   * @throws what `init` threw; ErrnoError when the device cannot be read
   */
  async serve(): Promise<ServeEnd> {
    this.loop.add(this);
    await this.loop.run();
    this.loop.remove(this);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#end ?? "stopped";
  }

  /**
   * Ends serving without touching the mount: accesses then wait until the descriptor is closed, and fail with ENOTCONN.
   */
  stop(): void {
    this.#finish("stopped");
    this.loop.stop();
  }

  /** Replies to RETRIEVEs made for this inbox go there. The inbox is closed when serving ends. */
  addInbox(inbox: RetrieveInbox): void {
    this.#inboxes.add(inbox);
    if (this.ended) inbox.close();
  }

  /** Frees the buffers; not the descriptor. */
  [Symbol.dispose](): void {
    this.#finish("stopped");
    this.#sender[Symbol.dispose]();
    this.#memory.unmap();
    if (this.#ownLoop) this.loop[Symbol.dispose]();
  }

  /** Reads and handles one request. Called by the loop. */
  step(): boolean {
    if (this.ended) return false;
    const length = readRaw(this.fd, this.#address, this.#message.bytes.length);
    if (length < 0) return this.#readFailed(-length);
    if (this.#message.accept(length)) this.#take();
    else this.#onError(new MalformedMessage(`a message of ${length} bytes that is none`));
    return true;
  }

  #readFailed(number: number): boolean {
    if (number === errno.EAGAIN) return false;
    // ENOENT: the request was given up while it was being read.
    if (number === errno.EINTR || number === errno.ENOENT) return true;
    if (number === errno.ENODEV) this.#finish("unmounted");
    else if (number === errno.ECONNABORTED) this.#finish("aborted");
    else this.#fail(new ErrnoError(number, "read", "/dev/fuse"));
    return false;
  }

  #take(): void {
    const request = this.#decode();
    if (request === undefined) return;
    const method = methodOf[request.opcode];
    if (method !== undefined) this.#handle(request, method);
    else this.#handleOwn(request);
  }

  // What cannot be decoded is answered all the same: its caller waits.
  #decode(): Request | undefined {
    try {
      const request = decodeRequest(this.#message, this.#decodeOptions);
      if (request) return request;
      this.#sender.error(new Request(this.#message), errno.ENOSYS);
    } catch (error) {
      const request = new Request(this.#message);
      if (!isUnanswered(request.opcode)) this.#sender.error(request, errno.EIO);
      this.#onError(new Error(`${opcodeName(request.opcode)} that cannot be decoded`, { cause: error }));
    }
    return undefined;
  }

  #handle(request: Request, method: keyof FileSystem): void {
    const handlers = this.#fileSystem as Handlers;
    if (handlers[method] === undefined) {
      this.#sender.error(request, errno.ENOSYS);
      return;
    }
    const reply = new PendingReply(request, this.#sender);
    try {
      const handled = handlers[method](request, reply);
      if (handled instanceof Promise) this.#follow(handled, reply);
    } catch (error) {
      this.#handlerFailed(error, reply);
    }
    if (!reply.answered) this.#pending.set(request.unique, reply);
  }

  #follow(promise: Promise<void>, reply: PendingReply): void {
    this.loop.track(promise);
    promise.catch((error: unknown) => this.#handlerFailed(error, reply));
  }

  #handlerFailed(error: unknown, reply: PendingReply): void {
    const number = error instanceof ErrnoError ? error.errno : errnoOf(error);
    if (!reply.answered) reply.error(number ?? errno.EIO);
    if (number === undefined) this.#onError(error);
  }

  #handleOwn(request: Request): void {
    if (request instanceof ForgetRequest) this.#forget(request);
    else if (request instanceof InterruptRequest) this.#interrupt(request);
    else if (request instanceof NotifyReplyRequest) this.#retrieved(request);
    else if (request instanceof InitRequest) this.#negotiate(request);
    else if (request.opcode === opcode.DESTROY) this.#destroy(request);
  }

  #forget(request: ForgetRequest): void {
    this.#guard(() => {
      for (const { nodeid, lookups } of request.forgets) this.#fileSystem.forget?.(nodeid, lookups);
    });
  }

  // EAGAIN makes the kernel send the interrupt again if its request is still on its way to us, and does nothing if it
  // was answered.
  #interrupt(interrupt: InterruptRequest): void {
    const reply = this.#pending.get(interrupt.target);
    if (reply) this.#guard(() => reply.request.interrupt());
    else this.#sender.error(interrupt, errno.EAGAIN);
  }

  #retrieved(request: NotifyReplyRequest): void {
    for (const inbox of this.#inboxes) {
      if (inbox.deliver(request)) return;
    }
    this.#guard(() => this.#fileSystem.retrieved?.(request));
  }

  #destroy(request: Request): void {
    this.#guard(() => this.#fileSystem.destroy?.());
    this.#sender.fixed(request, () => 0);
  }

  #negotiate(request: InitRequest): void {
    // The kernel answers with another INIT, of our version.
    if (request.major > protocolMajor) this.#sender.fixed(request, encodeOtherMajor);
    else if (!isSupported(request)) this.#refuse(request, unsupported(request));
    else this.#accept(request, negotiate(request, this.#init, this.#unservedFlags()));
  }

  #accept(request: InitRequest, connection: Connection): void {
    try {
      this.#fileSystem.init?.(connection);
    } catch (error) {
      this.#refuse(request, error);
      return;
    }
    this.#connection = connection;
    this.#decodeOptions = { setxattrExt: (connection.flags & FUSE_SETXATTR_EXT) !== 0n };
    this.#sender.fixed(request, (words) => encodeInit(words, connection, this.#init));
  }

  #refuse(request: InitRequest, error: unknown): void {
    this.#sender.error(request, errno.EPROTO);
    this.#fail(error);
  }

  // The kernel has no way back from READDIRPLUS to READDIR.
  #unservedFlags(): bigint {
    return this.#fileSystem.readdirplus ? 0n : FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO;
  }

  #finish(end: ServeEnd): void {
    if (this.ended) return;
    this.#end = end;
    this.#letGo();
  }

  #fail(error: unknown): void {
    if (this.ended) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#letGo();
  }

  // Nobody waits for what is still pending, but its handlers may hold on to it.
  #letGo(): void {
    this.#sender.close();
    for (const inbox of this.#inboxes) inbox.close();
    for (const reply of this.#pending.values()) this.#guard(() => reply.request.interrupt());
    this.#pending.clear();
  }

  #guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#onError(error);
    }
  }
}

// Every method that takes a request, seen alike: which request goes to which method is what methodOf says.
type Handlers = Readonly<Partial<Record<string, (request: Request, reply: PendingReply) => Handled>>>;

function isUnanswered(number: number): boolean {
  return (
    number === opcode.FORGET ||
    number === opcode.BATCH_FORGET ||
    number === opcode.NOTIFY_REPLY ||
    number === opcode.INTERRUPT
  );
}

function unsupported(request: InitRequest): Error {
  return new Error(`the kernel speaks FUSE ${request.major}.${request.minor}; 7.31 (Linux 5.4) or newer is needed`);
}
