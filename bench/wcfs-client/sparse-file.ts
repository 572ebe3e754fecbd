import {
  BLOCKS,
  Connection,
  Global,
  openFileStorage,
  transactionMeta,
  type BTree,
  type FileStorage,
  type Oid,
  type Tid,
} from "@belay/zodb";

/** Bytes of a block. */
export const BLK = 65536;

const module = "wendelin.bigfile.file_zodb";

/** A database with one file of many blocks; most of them are one and the same object, so that it is small. */
export class SparseFile implements AsyncDisposable {
  readonly path: string;
  readonly oid: Oid;
  readonly #storage: FileStorage;
  readonly #connection: Connection;
  readonly #table: BTree<number>;

  static async create(path: string, blocks: number): Promise<SparseFile> {
    return new SparseFile(
      path,
      await openFileStorage(path, { readOnly: false, create: true, syncBeforeFinish: false }),
      blocks,
    );
  }

  private constructor(path: string, storage: FileStorage, blocks: number) {
    this.path = path;
    this.#storage = storage;
    this.#connection = Connection.open(storage);
    this.#table = this.#connection.createBTree(BLOCKS);
    const shared = this.#block("shared");
    for (let blk = 0; blk < blocks; blk++) this.#table.set(blk, shared);
    const file = this.#connection.create(new Global(module, "ZBigFile"), [BLK, this.#connection.refTo(this.#table)]);
    this.#connection.root().set("file", file.ref);
    this.oid = file.oid;
    this.#connection.commit(transactionMeta());
  }

  get zurl(): string {
    return `file://${this.path}`;
  }

  get head(): Tid {
    return this.#storage.lastTid();
  }

  /** Gives blocks objects of their own, and commits. */
  write(blocks: Iterable<number>, text: string): Tid {
    for (const blk of blocks) this.#table.set(blk, this.#block(text));
    return this.#connection.commit(transactionMeta());
  }

  /** Another file, of one block. @returns its oid, and what gives the block an object of its own and commits */
  addFile(): { readonly oid: Oid; readonly write: (text: string) => Tid } {
    const table = this.#connection.createBTree(BLOCKS);
    const file = this.#connection.create(new Global(module, "ZBigFile"), [BLK, this.#connection.refTo(table)]);
    this.#connection.root().set(`file ${file.oid}`, file.ref);
    const write = (text: string) => {
      table.set(0, this.#block(text));
      return this.#connection.commit(transactionMeta());
    };
    write("first");
    return { oid: file.oid, write };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage[Symbol.asyncDispose]();
  }

  #block(text: string) {
    return this.#connection.create(new Global(module, "ZBlk0"), Buffer.from(text)).ref;
  }
}
