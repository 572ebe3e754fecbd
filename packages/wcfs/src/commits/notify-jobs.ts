import { closeSync, fstatSync, openSync } from "node:fs";
import { join } from "node:path";
import type { NotifyChannel, RetrieveInbox } from "@belay/fuse";
import { errno, ErrnoError, pageSize } from "@belay/linux";
import { isInFile } from "../blocks/piece.ts";
import type { FilePiece, PlacedPiece } from "../blocks/piece.ts";
import { fillFrom } from "../blocks/fill.ts";
import type { FileRange } from "./kernel-cache.ts";
import { unpackPieces } from "./notify-messages.ts";
import type { PackedCommit, PackedStore } from "./notify-messages.ts";

/** Bytes put together at a time. */
const WINDOW = 1 << 20;

/** The connection has ended: there is nothing left to be told. */
export class ConnectionEnded extends Error {
  override readonly name = "ConnectionEnded";
}

/** What the notify thread can do, each call blocking until it is done. */
export class NotifyJobs {
  readonly #channel: NotifyChannel;
  readonly #inbox: RetrieveInbox;
  readonly #mountpoint: string;
  readonly #window = Buffer.allocUnsafeSlow(WINDOW);

  constructor(channel: NotifyChannel, inbox: RetrieveInbox, mountpoint: string) {
    this.#channel = channel;
    this.#inbox = inbox;
    this.#mountpoint = mountpoint;
  }

  /** Which ranges have their first and last page cached. */
  findCached(ranges: readonly FileRange[]): boolean[] {
    return ranges.map(
      ({ node, offset, length }) => this.#hasPage(node, offset) && this.#hasPage(node, offset + length - 1),
    );
  }

  /**
   * Makes the kernel forget what a commit has changed, and takes the new bytes into its cache where that was asked for.
   *
   * @throws ConnectionEnded; ErrnoError when the kernel refuses
   */
  commit(job: PackedCommit): void {
    for (const { node, offset, length, old, fresh } of job.ranges) {
      if (old !== undefined) this.#keep(old);
      const isPrepared = fresh !== undefined && this.#prepare(fresh);
      // Always: to store over cached pages would change them under readers that are copying them.
      check(this.#channel.invalInode(node, offset, length));
      if (isPrepared) ended(this.#channel.storePrepared(node, fresh.offset, fresh.length));
      else if (fresh !== undefined) this.store(node, fresh);
    }
    for (const node of job.attributes) check(this.#channel.invalInode(node, -1, 0));
  }

  /** Puts a block into the cache of a node. What goes wrong only means that it will be read when it is needed. */
  store(node: number, job: PackedStore): void {
    const pieces = unpackPieces(job.pieces);
    const place = onePlace(pieces, job.length);
    if (place !== undefined) {
      ended(this.#channel.storeFrom(node, job.offset, place.fd, place.offset, job.length));
      return;
    }
    for (let done = 0; done < job.length;) {
      // As large as the channel's own pieces, so that no page is cut.
      const size = Math.min(job.length - done, WINDOW - ((job.offset + done) % WINDOW));
      const window = this.#window.subarray(0, size);
      fillFrom(pieces, window, done);
      if (ended(this.#channel.store(node, job.offset + done, window)) < 0) return;
      done += size;
    }
  }

  // Read before the old pages are dropped: readers that find nothing cached ask the serve thread, all of them.
  #prepare(job: PackedStore): boolean {
    const place = onePlace(unpackPieces(job.pieces), job.length);
    if (place === undefined) return false;
    return this.#channel.prepareStore(job.offset, place.fd, place.offset, job.length) >= 0;
  }

  // The kernel takes bytes only for files it knows, and it knows them while they are open.
  #keep(old: PackedStore & { readonly path: string }): void {
    try {
      const fd = openSync(join(this.#mountpoint, old.path), "r");
      try {
        this.store(fstatSync(fd).ino, old);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      // Not kept: whoever needs it will read it.
      if (error instanceof ConnectionEnded) throw error;
    }
  }

  #hasPage(node: number, offset: number): boolean {
    const start = offset - (offset % pageSize());
    const found = this.#inbox.retrieve(this.#channel, node, start, pageSize());
    return typeof found !== "number" ? found.length > 0 : ended(found) >= 0;
  }
}

/** Where all bytes of a job lie in a file, if they lie there one after the other. */
function onePlace(pieces: readonly PlacedPiece[], length: number): FilePiece | undefined {
  const [only] = pieces;
  if (pieces.length !== 1 || only === undefined || !isInFile(only.piece)) return undefined;
  return only.at === 0 && only.piece.length >= length ? only.piece : undefined;
}

/** @throws ConnectionEnded */
function ended(result: number): number {
  if (result === -errno.ENOTCONN || result === -errno.ENODEV || result === -errno.ECONNABORTED)
    throw new ConnectionEnded();
  return result;
}

// ENOENT: the kernel has forgotten the node, and with it everything it had cached.
function check(result: number): void {
  if (ended(result) < 0 && result !== -errno.ENOENT) throw new ErrnoError(-result, "invalidate");
}
