import type { Oid, Tid } from "@belay/zodb";
import type { SourceTable } from "../blocks/source-cache.ts";
import type { BlockSource } from "../blocks/source.ts";
import type { Attributes, TreeNode } from "../tree/node.ts";

/** Regular file, read-only for everyone. */
const MODE = 0o100444;

/** What a file is made with. */
export interface BigFileInit {
  readonly id: number;
  readonly oid: Oid;
  /** As it was looked up first: listings show it so. */
  readonly name: string;
  readonly blksize: number;
  readonly blktab: Oid;
  /** Bytes; beyond 2^53 exact only as far as it is a multiple of a power of two. */
  readonly size: number;
  readonly mtime: Tid;
  readonly sources: SourceTable;
  readonly space: FileSpace;
}

/** The files of one directory `bigfile/`: those of head, or those of one revision. */
export interface FileSpace {
  /** The revision; undefined: head. */
  readonly rev: Tid | undefined;
  /**
   * The file of a ZBigFile object; the same one each time.
   *
   * @throws ErrnoError `EINVAL` when there is no such object at that moment, or it is something else; anything else is EIO
   */
  lookup(oid: Oid, name: string): BigFile;
  /** Files looked up so far. */
  files(): Iterable<BigFile>;
  /** Where the bytes of a block come from. @throws when the block is damaged */
  source(file: BigFile, blk: number): BlockSource;
  /** The kernel has dropped its last reference to one of the files. */
  fileForgotten(file: BigFile): void;
}

/** A ZBigFile as a file: a node of the tree, and what is known of its blocks. */
export class BigFile implements TreeNode {
  readonly kind = "bigfile";
  readonly id: number;
  readonly oid: Oid;
  readonly name: string;
  readonly blksize: number;
  readonly blktab: Oid;
  readonly sources: SourceTable;
  readonly space: FileSpace;
  references = 0;
  /** Bytes that reads may get. During a commit this is ahead of what stat(2) shows. */
  dataSize: number;
  #size: number;
  #mtime: Tid;
  #nextSize: number | undefined;

  constructor(init: BigFileInit) {
    this.id = init.id;
    this.oid = init.oid;
    this.name = init.name;
    this.blksize = init.blksize;
    this.blktab = init.blktab;
    this.sources = init.sources;
    this.space = init.space;
    this.dataSize = init.size;
    this.#size = init.size;
    this.#mtime = init.mtime;
  }

  /** What stat(2) shows. */
  get size(): number {
    return this.#size;
  }

  attributes(): Attributes {
    return {
      mode: MODE,
      size: this.#size,
      blksize: this.blksize >>> 0,
      time: this.#mtime,
      stable: this.#nextSize === undefined,
    };
  }

  forgotten(): void {
    this.space.fileForgotten(this);
  }

  /** A commit changes the size: reads follow at once, stat(2) when the commit is shown; until then it is told to ask again. */
  resize(size: number): void {
    this.#nextSize = size;
    this.dataSize = size;
  }

  /** The commit is shown now. */
  show(tid: Tid): void {
    this.#size = this.#nextSize ?? this.#size;
    this.#nextSize = undefined;
    this.#mtime = tid;
  }
}
