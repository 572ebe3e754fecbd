import { startPython } from "./json-child.ts";
import type { JsonChild } from "./json-child.ts";

/** Bytes of a block, the same here and in Python. */
export type Content =
  | { readonly text: string }
  | { readonly hex: string }
  | { readonly random: number; readonly length: number; readonly at?: number };

/** How a block is stored. */
export type Format = "ZBlk0" | "ZBlk1";

/** What a file is at some moment, by Python's account. */
export interface Digest {
  readonly size: number;
  readonly blksize: number;
  /** SHA-1 of each block that is no hole, filled up with zeros. */
  readonly blocks: Readonly<Record<string, string>>;
}

/** A FileStorage that Python has open for writing. */
export class TestDatabase implements AsyncDisposable {
  readonly path: string;
  readonly #child: JsonChild;

  constructor(path: string) {
    this.path = path;
    this.#child = startPython("database.py", [path]);
  }

  get zurl(): string {
    return `file://${this.path}`;
  }

  /** Runs a command of `database.py`. */
  async run<T = { tid: string }>(command: string, args: object = {}, timeout = 60_000): Promise<T> {
    const answer = await this.#child.ask<T & { error?: string }>({ do: command, ...args }, timeout);
    if (answer.error !== undefined) throw new Error(`${command}: ${answer.error}`);
    return answer;
  }

  create(blksize: number): Promise<{ oid: string; tid: string }> {
    return this.run("create", { blksize });
  }

  async write(file: string, blocks: Readonly<Record<number, Content>>, format: Format = "ZBlk0"): Promise<string> {
    return (await this.run("write", { file, blocks, format })).tid;
  }

  digest(file: string, at?: string): Promise<Digest> {
    return this.run("digest", { file, at });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}
