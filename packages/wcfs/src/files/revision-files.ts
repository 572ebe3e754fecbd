import type { Oid, Tid } from "@belay/zodb";
import { findSource } from "../blocks/find-source.ts";
import type { SourceCache } from "../blocks/source-cache.ts";
import type { BlockSource } from "../blocks/source.ts";
import { lookupBlock } from "../delta/index.ts";
import { BigFile } from "./big-file.ts";
import type { FileSpace } from "./big-file.ts";
import type { Database, Moment } from "./database.ts";
import { openFile } from "./open-file.ts";

/** What every directory of files needs from the server. */
export interface SpaceParts {
  readonly database: Database;
  readonly sources: SourceCache;
  /** A number for a new node. */
  nextId(): number;
  /** Called when the kernel has dropped its last reference to a file. */
  onForgotten(file: BigFile): void;
}

/** The files of one revision. They never change. */
export class RevisionFiles implements FileSpace {
  readonly rev: Tid;
  readonly #parts: SpaceParts;
  readonly #moment: Moment;
  readonly #files = new Map<Oid, BigFile>();

  constructor(parts: SpaceParts, rev: Tid) {
    this.rev = rev;
    this.#parts = parts;
    this.#moment = parts.database.at(rev);
  }

  lookup(oid: Oid, name: string): BigFile {
    const known = this.#files.get(oid);
    if (known !== undefined) return known;
    const opened = openFile(this.#moment, oid);
    const file = new BigFile({
      ...opened,
      id: this.#parts.nextId(),
      oid,
      name,
      mtime: opened.serial,
      sources: this.#parts.sources.table(),
      space: this,
    });
    this.#files.set(oid, file);
    return file;
  }

  files(): Iterable<BigFile> {
    return this.#files.values();
  }

  source(file: BigFile, blk: number): BlockSource {
    const known = file.sources.get(blk);
    if (known !== undefined) return known;
    const source = findSource(this.#moment, lookupBlock(this.#moment, file.blktab, blk), file.blksize);
    file.sources.set(blk, source);
    return source;
  }

  fileForgotten(file: BigFile): void {
    this.#parts.onForgotten(file);
  }

  /** Gives the memory back. */
  drop(): void {
    for (const file of this.#files.values()) file.sources.clear();
    this.#files.clear();
  }
}
