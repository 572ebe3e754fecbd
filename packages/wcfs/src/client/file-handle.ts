import { constants } from "node:fs";
import { join } from "node:path";
import { BugError } from "@belay/supervise";
import { formatOid, formatTid, type Oid, type Tid } from "@belay/zodb";
import { closedError, inContext } from "./context.ts";
import { fileName, type ConnCore } from "./core.ts";
import { closeFd, openFd, statFd } from "./files.ts";
import { Mapping, type MappingOwner } from "./mapping.ts";
import { blocksOf, isSameLayout, readLayout } from "./read-layout.ts";

/** What was found out about a file when it was opened. */
interface Opened {
  readonly headFd: number;
  readonly headPath: string;
  readonly blksize: number;
  readonly headSize: number;
  readonly version: Int32Array;
}

/** A big file as of the moment of its connection. Behind its end there are zeros. */
export class FileH implements AsyncDisposable {
  readonly oid: Oid;
  /** Bytes of a block. */
  readonly blksize: number;
  readonly #core: ConnCore;
  readonly #opened: Opened;
  readonly #onClosed: () => void;
  readonly #reads = new Set<Promise<unknown>>();
  #headSize: number;
  #opens = 1;
  #closing: Promise<void> | undefined;

  /** @internal Use `Conn.open`. @param onClosed  called when it is closed, and may be opened anew */
  static async open(core: ConnCore, oid: Oid, onClosed: () => void): Promise<FileH> {
    const headPath = join(core.mountpoint, "head", "bigfile", formatOid(oid));
    const headFd = await openFd(headPath, constants.O_RDONLY);
    try {
      const { blksize, size: headSize } = await statFd(headFd);
      checkSize(headPath, headSize, blksize);
      const version = new Int32Array(new SharedArrayBuffer(4));
      await core.call("open", { oid, headFd, blksize, headSize, version });
      return new FileH(core, oid, { headFd, headPath, blksize, headSize, version }, onClosed);
    } catch (error) {
      await closeFd(headFd);
      throw error;
    }
  }

  private constructor(core: ConnCore, oid: Oid, opened: Opened, onClosed: () => void) {
    this.#core = core;
    this.oid = oid;
    this.#opened = opened;
    this.blksize = opened.blksize;
    this.#headSize = opened.headSize;
    this.#onClosed = onClosed;
  }

  /** Bytes of the file at head when the connection came to its moment: at least what there was at that moment. */
  get headSize(): number {
    return this.#headSize;
  }

  /** Settles when the file is closed; undefined: it is open. */
  get closing(): Promise<void> | undefined {
    return this.#closing;
  }

  /** @internal One more has opened it. */
  addOpen(): this {
    this.#opens++;
    return this;
  }

  /**
   * Shows blocks as memory. They may lie behind the end of the file.
   *
   * @throws RangeError for what is no range of blocks. BelayError `ECLOSED` `… file already closed`. ErrnoError EINVAL for 0 blocks, and for files whose
   *   block size is no multiple of the page size
   */
  async mmap(blkStart: number, blkLen: number): Promise<Mapping> {
    checkRange(blkStart, blkLen, this.blksize);
    const context = `${this.#context()}: mmap [#${blkStart} +${blkLen})`;
    return this.#inside(context, () => Mapping.map(this.#mappingOwner(), { start: blkStart, stop: blkStart + blkLen }));
  }

  /**
   * Reads bytes without mapping them. What the server cannot give is an error.
   *
   * @param offset  in bytes
   */
  async read(offset: number, length: number): Promise<Buffer> {
    checkRange(offset, length, 1);
    const context = `${this.#context()}: read [${offset} +${length})`;
    return this.#inside(context, () => this.#tracked(this.#read(offset, length)));
  }

  /** The blocks that are shown as of another revision than head's, for tests. */
  async pinned(): Promise<Map<number, Tid>> {
    const range = { start: 0, stop: Infinity };
    const { pinned } = await this.#core.call("layout", { oid: this.oid, range });
    return new Map(pinned);
  }

  /** Takes one opening back; the last one closes the file, and its mappings read zeros. */
  async close(): Promise<void> {
    const context = `${this.#context()}: close`;
    await this.#core.gate.together(async () => {
      if (this.#closing !== undefined || --this.#opens > 0) return;
      await this.closeNow().catch((error: unknown) => {
        throw inContext(context, error);
      });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Closes it, whoever has it open. */
  closeNow(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** @internal The size at head, for moving on. @throws BugError */
  async grownSize(): Promise<number> {
    const { headFd, headPath } = this.#opened;
    const { size, blksize } = await statFd(headFd);
    if (blksize !== this.blksize) throw new BugError(`wcfs bug: blksize changed: ${this.blksize} -> ${blksize}`);
    if (size < this.#headSize) throw new BugError(`wcfs bug: head/file size not ↑=: ${this.#headSize} -> ${size}`);
    checkSize(headPath, size, blksize);
    return size;
  }

  /** @internal Moving on has begun. */
  grew(headSize: number): void {
    this.#headSize = headSize;
  }

  async #close(): Promise<void> {
    try {
      await this.#core.call("closeFile", { oid: this.oid });
    } finally {
      this.#onClosed();
      await Promise.allSettled(this.#reads);
      await closeFd(this.#opened.headFd);
    }
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const into = Buffer.alloc(length);
    const { headFd, version } = this.#opened;
    const range = blocksOf(offset, length, this.blksize);
    const files = { blksize: this.blksize, headFd, atRevision: this.#atRevision };
    let layout = await this.#core.call("layout", { oid: this.oid, range });
    for (;;) {
      await readLayout(files, layout, offset, into);
      // A block that was read from head may have been pinned because of that.
      if (Atomics.load(version, 0) === layout.version) return into;
      const now = await this.#core.call("layout", { oid: this.oid, range });
      if (isSameLayout(layout, now)) return into;
      layout = now;
      into.fill(0);
    }
  }

  #tracked<T>(read: Promise<T>): Promise<T> {
    this.#reads.add(read);
    const over = () => void this.#reads.delete(read);
    read.then(over, over);
    return read;
  }

  readonly #atRevision = async <T>(rev: Tid, use: (fd: number) => Promise<T>): Promise<T> => {
    const path = join(this.#core.mountpoint, `@${formatTid(rev)}`, "bigfile", formatOid(this.oid));
    const fd = await openFd(path, constants.O_RDONLY);
    try {
      return await use(fd);
    } finally {
      await closeFd(fd);
    }
  };

  async #inside<T>(context: string, run: () => Promise<T>): Promise<T> {
    try {
      return await this.#core.gate.together(() => {
        if (this.#closing !== undefined) throw closedError("file already closed");
        return run();
      });
    } catch (error) {
      throw inContext(context, error);
    }
  }

  #mappingOwner(): MappingOwner {
    const { oid, blksize } = this;
    const core = this.#core;
    return {
      blksize,
      context: () => `${core.context()}: ${fileName(oid)}`,
      map: (mapping, address, range, faulted) => core.call("map", { oid, mapping, address, range, faulted }),
      unmap: (mapping) => core.call("unmap", { oid, mapping }),
      read: (offset, length) => this.read(offset, length),
    };
  }

  #context(): string {
    return `${this.#core.context()}: ${fileName(this.oid)}`;
  }
}

function checkSize(path: string, size: number, blksize: number): void {
  if (size % blksize !== 0) throw new BugError(`wcfs bug: ${path} size (${size}) % blksize (${blksize}) != 0`);
}

function checkRange(start: number, length: number, unit: number): void {
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (!isCount(start) || !isCount(length) || !isCount((start + length) * unit))
    throw new RangeError(`[${start} +${length}) is no range of a file`);
}
