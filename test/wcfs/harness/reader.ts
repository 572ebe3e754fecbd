import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPython } from "./json-child.ts";
import type { JsonChild } from "./json-child.ts";

/** What stat(2) said. */
export interface Stat {
  readonly mode: number;
  readonly size: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly ino: number;
  /** Nanoseconds since 1970. */
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly uid: number;
  readonly nlink: number;
}

/** A file system error, by its errno name. */
export class ReaderError extends Error {
  readonly errno: string;

  constructor(errno: string, command: string) {
    super(`${errno} from ${command}`);
    this.errno = errno;
  }
}

/** A process that uses a mount, so that the test runner never does. Paths are relative to the mountpoint. */
export class Reader implements AsyncDisposable {
  readonly #mountpoint: string;
  readonly #child: JsonChild;

  constructor(mountpoint: string) {
    this.#mountpoint = mountpoint;
    this.#child = startPython("reader.py");
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** @throws ReaderError; Error when there is no answer in time */
  async run<T>(command: string, args: { path?: string } & Record<string, unknown>, timeout = 20_000): Promise<T> {
    const path = args.path === undefined ? {} : { path: join(this.#mountpoint, args.path) };
    const answer = await this.#child.ask<T & { errno?: string }>({ do: command, ...args, ...path }, timeout);
    if (answer.errno !== undefined) throw new ReaderError(answer.errno, `${command} ${JSON.stringify(args)}`);
    return answer;
  }

  stat(path: string): Promise<Stat> {
    return this.run("stat", { path });
  }

  /** All of a small file. */
  async text(path: string): Promise<string> {
    return (await this.pread(path, 0, 65536)).toString();
  }

  /** At most 64 KiB. */
  async pread(path: string, offset: number, length: number): Promise<Buffer> {
    return Buffer.from((await this.run<{ base64: string }>("pread", { path, offset, length })).base64, "base64");
  }

  async listdir(path: string): Promise<string[]> {
    return (await this.run<{ names: string[] }>("listdir", { path })).names;
  }

  /** SHA-1 of each block of the file. */
  async blocks(path: string, blksize: number): Promise<{ size: number; blocks: string[] }> {
    const { size, blocks } = await this.run<{ size: number; blocks: string[] }>("blocks", { path, blksize }, 60_000);
    return { size, blocks };
  }

  /** For each block the part of it that is in the page cache. */
  async cached(path: string, blksize: number): Promise<number[]> {
    return (await this.run<{ cached: number[] }>("cached", { path, blksize })).cached;
  }

  /** As cached, of whole blocks: waits until it is as expected, because uploads follow some time after reads. */
  async cachedBecomes(path: string, blksize: number, expected: readonly number[]): Promise<number[]> {
    for (let tries = 0; ; tries++) {
      const cached = await this.cached(path, blksize);
      if (tries >= 500 || cached.join() === expected.join()) return cached;
      await sleep(10);
    }
  }

  /** Reads one byte through a mapping, without read-ahead. */
  async touch(path: string, offset: number): Promise<void> {
    await this.run("touch", { path, offset });
  }

  async open(path: string, flags: "r" | "w" | "rw" | "wt" = "r"): Promise<number> {
    return (await this.run<{ fd: number }>("open", { path, flags })).fd;
  }

  async read(fd: number, length: number, timeout?: number): Promise<string> {
    return Buffer.from(
      (await this.run<{ base64: string }>("read", { fd, length }, timeout)).base64,
      "base64",
    ).toString();
  }

  /** The errno name an operation fails with; "ok" if it does not. */
  async errnoOf(operation: (reader: this) => Promise<unknown>): Promise<string> {
    try {
      await operation(this);
      return "ok";
    } catch (error) {
      if (error instanceof ReaderError) return error.errno;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}
