import { BelayError, BugError, toError, userError, writeLine } from "@belay/supervise";
import { formatOid, formatTid, type Oid, type Tid } from "@belay/zodb";
import type { Layout, Orders } from "./messages.ts";
import { parsePinRequest } from "./pin-request.ts";
import { PinnedFile } from "./pinned-file.ts";
import { RevisionCache } from "./revision-cache.ts";
import { WatchLink, type LinkOwner } from "./watch-link.ts";

/** Given once: what an order results in, or why it failed. */
export type Done<T = undefined> = (result: T | Error) => void;

/** Carries out what concerns one connection: the orders of its user, and the pins of the server. */
export class PinnedConn implements LinkOwner {
  readonly link: WatchLink;
  readonly #mountpoint: string;
  readonly #onDown: (error: BelayError) => void;
  readonly #files = new Map<Oid, PinnedFile>();
  #at: Tid;
  #leaving: Done | undefined;
  #ended = false;
  #failure: BelayError | undefined;
  #said = "";

  /** @param onDown  called once when the view cannot be kept still any more */
  constructor({ fd, mountpoint, at }: Orders["link"]["args"], onDown: (error: BelayError) => void) {
    this.#mountpoint = mountpoint;
    this.#onDown = onDown;
    this.#at = at;
    this.link = new WatchLink(fd, this);
  }

  /** Whether nothing is left to be done. */
  get ended(): boolean {
    return this.#ended;
  }

  open(args: Orders["open"]["args"], done: Done): void {
    const { oid } = args;
    this.#needView();
    // Pins come before the reply.
    const file = new PinnedFile(args, new RevisionCache(this.#mountpoint, oid));
    this.#files.set(oid, file);
    this.#watch(oid, (error) => {
      if (error !== undefined) this.#drop(oid);
      done(error);
    });
  }

  closeFile({ oid }: Orders["closeFile"]["args"], done: Done): void {
    if (!this.#files.has(oid)) return done(undefined);
    // Pins may come until the server has heard of it.
    this.link.ask(`watch ${formatOid(oid)} -`, (reply) => {
      this.#drop(oid);
      done(reply === "ok" ? undefined : refused("unwatch", reply));
    });
  }

  map(args: Orders["map"]["args"]): void {
    this.#needView();
    const file = this.#files.get(args.oid);
    if (file === undefined) throw userError("ECLOSED", "file already closed");
    file.map(args);
  }

  unmap({ oid, mapping }: Orders["unmap"]["args"]): void {
    this.#files.get(oid)?.unmap(mapping);
  }

  layout({ oid, range }: Orders["layout"]["args"]): Layout {
    this.#needView();
    const file = this.#files.get(oid);
    if (file === undefined) throw userError("ECLOSED", "file already closed");
    return file.layout(range);
  }

  /** In one step the files grow; then the server moves the watches. */
  advance({ at, files }: Orders["advance"]["args"], done: Done): void {
    this.#needView();
    this.#at = at;
    for (const { oid, headSize } of files) this.#files.get(oid)?.grow(headSize);
    let waiting = files.length;
    let failure: Error | undefined;
    if (waiting === 0) return done(undefined);
    for (const { oid } of files) {
      this.#watch(oid, (error) => {
        failure ??= error && userError(error.code, `f<${formatOid(oid)}>: ${error.message}`);
        if (--waiting === 0) done(failure);
      });
    }
  }

  leave(done: Done): void {
    if (this.#ended) return done(undefined);
    this.#leaving = done;
    this.#dropAll();
    this.link.bye();
  }

  /** The link's descriptor is closed. */
  linkEnded(error?: string): void {
    this.#ended = true;
    this.link.ended(error);
    this.#leaving?.(undefined);
  }

  request(stream: bigint, message: string): void {
    try {
      const { oid, blk, rev } = parsePinRequest(message);
      const file = this.#files.get(oid);
      if (file === undefined) throw new BugError(`unexpected pin: f<${formatOid(oid)}> not watched`);
      file.pin(blk, rev);
    } catch (error) {
      const { message: why } = toError(error);
      this.link.reply(stream, `nak: ${why}`);
      return this.#fail(userError("EPINNER", `pinner: ${why}`), true);
    }
    this.link.reply(stream, "ack");
  }

  control(message: string): void {
    this.#said = `; the server said: ${message}`;
  }

  down(error: BelayError | undefined): void {
    if (error !== undefined) this.#fail(userError(error.code, `pinner: ${error.message}${this.#said}`), false);
  }

  #needView(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: BelayError, killed: boolean): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const file of this.#files.values()) file.fault();
    // Not through console: its output goes by way of a thread that may wait for a page.
    if (this.#leaving === undefined) writeLine(2, `CRITICAL: ${error.message}\n`);
    if (killed) writeLine(2, "CRITICAL: wcfs server will likely kill us soon.\n");
    this.#onDown(error);
  }

  #watch(oid: Oid, done: (error: BelayError | undefined) => void): void {
    this.link.ask(`watch ${formatOid(oid)} @${formatTid(this.#at)}`, (reply) => {
      done(reply === "ok" ? undefined : refused("watch", reply));
    });
  }

  #drop(oid: Oid): void {
    this.#files.get(oid)?.[Symbol.dispose]();
    this.#files.delete(oid);
  }

  #dropAll(): void {
    for (const oid of [...this.#files.keys()]) this.#drop(oid);
  }
}

function refused(what: string, reply: string | BelayError): BelayError {
  if (reply instanceof BelayError) return userError(reply.code, `${what}: ${reply.message}`);
  return userError("EWATCH", `${what}: ${reply}`);
}
