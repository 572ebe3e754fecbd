import type { BTree, FileStorage, PersistentRef, PickleValue, StoredObject } from "@belay/zodb";
import {
  BLOCKS,
  Connection,
  formatOid,
  formatTid,
  Global,
  IO,
  openFileStorage,
  parseOid,
  transactionMeta,
} from "@belay/zodb";

/** What becomes of a block: bytes, or no block at all. */
export type NewContent = string | Uint8Array | undefined;

/** How a block is stored. */
export type Format = "ZBlk0" | "ZBlk1";

const MODULE = "wendelin.bigfile.file_zodb";

/** A database of big files that this process writes. Oids and tids are texts, as the protocol has them. */
export class BigFiles implements AsyncDisposable {
  readonly path: string;
  readonly #storage: FileStorage;
  readonly #connection: Connection;
  readonly #tables = new Map<string, BTree<number>>();

  static async create(path: string): Promise<BigFiles> {
    // Whether the disk has it does not matter here, and it would take most of the time.
    return new BigFiles(path, await openFileStorage(path, { readOnly: false, create: true, syncBeforeFinish: false }));
  }

  private constructor(path: string, storage: FileStorage) {
    this.path = path;
    this.#storage = storage;
    this.#connection = Connection.open(storage);
  }

  get zurl(): string {
    return `file://${this.path}`;
  }

  get head(): string {
    return formatTid(this.#storage.lastTid());
  }

  /** Makes a file and commits it. */
  createFile(blksize: number): { readonly oid: string; readonly tid: string } {
    const table = this.#connection.createBTree(BLOCKS);
    const file = this.#create("ZBigFile", [blksize, this.#connection.refTo(table)]);
    const oid = formatOid(file.oid);
    this.#connection.root().set(`file ${oid}`, file.ref);
    this.#tables.set(oid, table);
    return { oid, tid: this.commit() };
  }

  /** Writes blocks of a file; to be committed. */
  put(file: string, blocks: Readonly<Record<number, NewContent>>, format: Format = "ZBlk0"): void {
    for (const [key, content] of Object.entries(blocks)) this.#put(file, Number(key), content, format);
  }

  /** Puts the object of another block into this place, too; to be committed. */
  link(file: string, blk: number, source: string, sourceBlk: number): void {
    const object = this.#table(source).get(sourceBlk);
    if (object !== undefined) this.#table(file).set(blk, object);
  }

  /** As put, and commits. @returns the tid */
  write(file: string, blocks: Readonly<Record<number, NewContent>>, format?: Format): string {
    this.put(file, blocks, format);
    return this.commit();
  }

  /** Something changes that no file has to do with. */
  touch(): string {
    this.#connection.root().set("touched", Math.random());
    return this.commit();
  }

  /** The file gets another block size: it is another file then. */
  setBlksize(file: string, blksize: number): string {
    const object = this.#connection.get(parseOid(file));
    object.state = [blksize, this.#connection.refTo(this.#table(file))];
    return this.commit();
  }

  commit(): string {
    return formatTid(this.#connection.commit(transactionMeta()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage[Symbol.asyncDispose]();
  }

  #put(file: string, blk: number, content: NewContent, format: Format): void {
    const table = this.#table(file);
    if (content === undefined) return void table.delete(blk);
    const data = withoutZeros(Buffer.from(content));
    const present = this.#blockAt(table, blk);
    if (present?.class.name !== format) table.set(blk, this.#newBlock(format, data).ref);
    else if (format === "ZBlk0") present.state = data;
    else this.#rewriteChunks(present, data);
  }

  #newBlock(format: Format, data: Buffer): StoredObject {
    if (format === "ZBlk0") return this.#create("ZBlk0", data);
    const chunks = this.#connection.createBTree(IO);
    this.#setChunks(chunks, data);
    return this.#create("ZBlk1", this.#connection.refTo(chunks));
  }

  // The block itself is written with its chunks: its revision tells who caches it.
  #rewriteChunks(block: StoredObject, data: Buffer): void {
    const { state } = block;
    this.#setChunks(this.#connection.btree((state as PersistentRef).oid, IO), data);
    block.state = state;
  }

  #setChunks(chunks: BTree<number>, data: Buffer): void {
    chunks.clear();
    for (let at = 0; at < data.length; at += 4096) {
      const part = withoutZeros(data.subarray(at, at + 4096));
      if (part.length > 0) chunks.set(at, this.#create("ZData", part).ref);
    }
  }

  #blockAt(table: BTree<number>, blk: number): StoredObject | undefined {
    const ref = table.get(blk) as PersistentRef | undefined;
    return ref === undefined ? undefined : this.#connection.get(ref.oid);
  }

  #create(name: string, state: PickleValue): StoredObject {
    return this.#connection.create(new Global(MODULE, name), state);
  }

  #table(file: string): BTree<number> {
    const table = this.#tables.get(file);
    if (table === undefined) throw new Error(`no file ${file}`);
    return table;
  }
}

function withoutZeros(data: Buffer): Buffer {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0) end--;
  return data.subarray(0, end);
}
