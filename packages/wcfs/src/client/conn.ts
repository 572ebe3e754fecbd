import { BelayError } from "@belay/supervise";
import { formatTid, type Oid, type Tid } from "@belay/zodb";
import { closedError, inContext } from "./context.ts";
import { fileName, type ConnCore } from "./core.ts";
import { FileH } from "./file-handle.ts";
import { Gate } from "./gate.ts";
import { waitForHead } from "./head-wait.ts";
import { pinner, type PinnerClient } from "./pinner/pinner-client.ts";
import type { Orders } from "./pinner/messages.ts";

/** What waiting can be ended by. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/** Milliseconds the server has for closing a link we leave. */
const longestLeaving = 3000;

/**
 * The files of a database as of one moment, which only moves when the connection is told to.
 *
 * May be used by many at once. What is done while the connection moves on waits until it has.
 */
export class Conn implements AsyncDisposable {
  readonly mountpoint: string;
  readonly #id: number;
  readonly #fd: number;
  readonly #pinner: PinnerClient;
  readonly #core: ConnCore;
  readonly #gate = new Gate();
  readonly #files = new Map<Oid, OpenFile>();
  readonly #lost = new AbortController();
  #at: Tid;
  #closing: Promise<void> | undefined;

  /** @internal Use `Wcfs.connect`. The pinner has the link already. */
  constructor(mountpoint: string, id: number, fd: number, at: Tid) {
    this.mountpoint = mountpoint;
    this.#id = id;
    this.#fd = fd;
    this.#at = at;
    this.#pinner = pinner();
    this.#core = {
      mountpoint,
      gate: this.#gate,
      context: () => this.#context(),
      call: (kind, args) => this.#call(kind, args),
    };
    this.#pinner.onDown(id, (error) => this.#viewLost(error));
  }

  /** The last transaction that can be seen. */
  get at(): Tid {
    return this.#at;
  }

  /** Aborted when the connection is closed, by its user or because the view could not be kept; the reason says why. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Opens a big file. Whoever opens it again gets the same object, and has to close it, too.
   *
   * @throws BelayError `ECLOSED` `… connection closed`; `EWATCH` with the server's reason, as for files younger than the connection's moment;
   *   errno of open(2) in `code`: `EINVAL` for what is no big file
   */
  async open(oid: Oid): Promise<FileH> {
    const context = `${this.#context()}: open ${fileName(oid)}`;
    try {
      return await this.#gate.together(() => this.#open(oid));
    } catch (error) {
      throw inContext(context, error);
    }
  }

  /**
   * Moves to a later moment, once the server has got there. Mappings show the files as of then when this returns; who looks
   * meanwhile sees blocks of both.
   *
   * Waiting for the server may be ended; any later error closes the connection.
   *
   * @throws BelayError `EWATCH` when the server refuses, as it does for an earlier moment than that of a file that is open
   */
  async resync(at: Tid, options: WaitOptions = {}): Promise<void> {
    const context = `${this.#context()}: resync -> @${formatTid(at)}`;
    try {
      this.#checkOpen();
      await waitForHead(this.mountpoint, at, options.signal);
    } catch (error) {
      throw inContext(context, error);
    }
    try {
      await this.#gate.alone(() => this.#advance(at));
    } catch (error) {
      await this.close().catch(() => undefined);
      throw inContext(context, error);
    }
  }

  /**
   * Closes all files, and leaves the server. Mappings read zeros then.
   *
   * @throws the first thing that went wrong; it is closed all the same. Only the first call throws
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.catch(() => undefined);
    this.#lost.abort(closedError("connection closed"));
    const context = `${this.#context()}: close`;
    this.#closing = this.#gate
      .alone(() => this.#close())
      .catch((error: unknown) => {
        throw inContext(context, error);
      });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(oid: Oid): Promise<FileH> {
    for (;;) {
      this.#checkOpen();
      const known = this.#files.get(oid);
      if (known === undefined) return this.#openAnew(oid);
      const file = await known.opening;
      if (file.closing === undefined) return file.addOpen();
      await file.closing.catch(() => undefined);
    }
  }

  async #openAnew(oid: Oid): Promise<FileH> {
    const entry: OpenFile = { opening: FileH.open(this.#core, oid, () => this.#forget(oid, entry)) };
    this.#files.set(oid, entry);
    try {
      return await entry.opening;
    } catch (error) {
      this.#forget(oid, entry);
      throw error;
    }
  }

  #forget(oid: Oid, entry: OpenFile): void {
    if (this.#files.get(oid) === entry) this.#files.delete(oid);
  }

  // Nobody opens or closes a file meanwhile.
  async #advance(at: Tid): Promise<void> {
    this.#checkOpen();
    this.#at = at;
    const files = await Promise.all([...this.#files.values()].map(async ({ opening }) => await opening));
    const grown = await Promise.all(
      files.map(async (file) => ({ oid: file.oid, file, headSize: await file.grownSize() })),
    );
    await this.#call("advance", { at, files: grown.map(({ oid, headSize }) => ({ oid, headSize })) });
    for (const { file, headSize } of grown) file.grew(headSize);
  }

  // The server has to hear of the end of each watch before pins are no longer served.
  async #close(): Promise<void> {
    const files = await Promise.allSettled([...this.#files.values()].map(({ opening }) => opening));
    const closed = await Promise.allSettled(
      files.flatMap((file) => (file.status === "fulfilled" ? [file.value.closeNow()] : [])),
    );
    await this.#leave();
    this.#pinner.forget(this.#id);
    const failed = closed.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #leave(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const error = new BelayError("ETIMEDOUT", `the server has not closed the link within ${longestLeaving} ms`);
    const timer = setTimeout(() => late.reject(error), longestLeaving);
    try {
      await Promise.race([this.#call("leave", {}), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  // Its mappings read zeros already.
  #viewLost(error: BelayError): void {
    this.#lost.abort(closedError(`connection closed: ${error.message}`));
    this.close().catch(() => undefined);
  }

  #checkOpen(): void {
    if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
  }

  #call<K extends keyof Orders>(kind: K, args: Orders[K]["args"]): Promise<Orders[K]["result"]> {
    return this.#pinner.call(kind, this.#id, args);
  }

  #context(): string {
    return `wcfs ${this.mountpoint}: conn${this.#fd} @${formatTid(this.#at)}`;
  }
}

interface OpenFile {
  readonly opening: Promise<FileH>;
}
