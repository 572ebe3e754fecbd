import {
  BLOCKS,
  Connection,
  formatOid,
  PersistentRef,
  transactionMeta,
  type BTree,
  type Oid,
  type PickleValue,
  type Storage,
  type StoredObject,
  type Tid,
} from "@belay/zodb";
import { userError } from "@belay/supervise";
import { malformed, readFileState } from "../files/states.ts";
import { chooseFormat, type FormatChoice } from "./block-format.ts";
import { fileClasses } from "./file-classes.ts";
import { givenOid } from "./given-ids.ts";
import { createBlock, formatOf, readBlock, updateBlock } from "./stored-block.ts";

/** Block size of a big file unless its maker says otherwise, in bytes. */
export const defaultBlockSize = 2 * 2 ** 20;

/** Blocks are read and written as a whole. */
const greatestBlockSize = 2 ** 30;

/** Which big file is written, and how. */
export interface WriterOptions {
  /** An existing file, as 16 hexadecimal digits. */
  readonly oid?: string | undefined;
  /** Key in the root object; a file is made where there is none. */
  readonly name?: string | undefined;
  /** Of a file that is made. Default 2 MiB. */
  readonly blockSize?: number | undefined;
  /** Default `auto`. */
  readonly format?: FormatChoice | undefined;
}

/**
 * Writes blocks of one big file, a transaction at a time.
 *
 * What it writes has the form that writers of wendelin.core give it; empty blocks stay holes, but a block once there stays there.
 */
export class BigFileWriter {
  readonly blksize: number;
  readonly oid: Oid;
  /** How messages name the file. */
  readonly label: string;
  readonly #connection: Connection;
  readonly #table: BTree<number>;
  readonly #format: FormatChoice;
  /** Blocks of the transaction that is open. */
  readonly #written = new Set<number>();
  #isNew: boolean;

  /**
   * Opens a big file for writing, or makes one, which shows in the database with the first commit.
   *
   * @throws BelayError `ENOFILE`: the oid or the key is that of something else; `EUSAGE`
   */
  static open(storage: Storage, options: WriterOptions): BigFileWriter {
    const { oid, name } = options;
    if ((oid === undefined) === (name === undefined))
      throw userError("EUSAGE", "give the oid or the name of a big file");
    const connection = Connection.open(storage);
    const known = oid !== undefined ? connection.get(givenOid(oid)) : named(connection, name ?? "");
    const file = known ?? createFile(connection, name ?? "", options.blockSize ?? defaultBlockSize);
    return new BigFileWriter(connection, file, { ...options, isNew: known === undefined });
  }

  private constructor(
    connection: Connection,
    file: StoredObject,
    options: WriterOptions & { readonly isNew: boolean },
  ) {
    const state = stateOf(file, options);
    this.#connection = connection;
    this.#isNew = options.isNew;
    this.#format = options.format ?? "auto";
    this.oid = file.oid;
    this.label = options.name === undefined ? `big file ${formatOid(file.oid)}` : `"${options.name}"`;
    this.blksize = state.blksize;
    this.#table = connection.btree(state.blktab, BLOCKS);
    if (!options.isNew && options.blockSize !== undefined && options.blockSize !== this.blksize) {
      throw userError("EUSAGE", `${this.label} has blocks of ${this.blksize} bytes`, { hint: "leave --blksize out" });
    }
  }

  /** Whether it was made here and is not committed yet. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** Bytes, what is not committed yet included. */
  get size(): number {
    return ((this.#table.maxKey() ?? -1) + 1) * this.blksize;
  }

  /** Whether the block is stored. */
  has(block: number): boolean {
    return this.#table.has(block);
  }

  /** The bytes of a block, without zeros at its end. */
  read(block: number): Uint8Array {
    const object = this.#object(block);
    return object === undefined ? new Uint8Array(0) : readBlock(this.#connection, object);
  }

  /**
   * Writes a part of a block.
   *
   * @param offset  of the part in the block
   * @param data  the writer's from now on: not to be changed
   */
  write(block: number, offset: number, data: Uint8Array): void {
    const oldData = this.read(block);
    const newData = offset === 0 && data.length === this.blksize ? data : overlay(oldData, offset, data);
    if (newData.length > this.blksize)
      throw new RangeError(`a part of ${data.length} bytes at ${offset} passes the end of a block`);
    const lastBlock = this.#table.maxKey() ?? -1;
    const format =
      this.#format === "auto"
        ? chooseFormat({ block, blockSize: this.blksize, lastBlock, oldData, newData })
        : this.#format;
    if (this.#format === "auto" && block === lastBlock + 1) this.#settle(lastBlock);
    this.#store(block, format, newData);
  }

  /** Makes a block of nothing but zeros, so that the file reaches to its end. */
  writeZeros(block: number): void {
    if (!this.has(block)) this.write(block, 0, new Uint8Array(0));
  }

  /** @returns undefined when there was nothing to commit */
  commit(description: string): Tid | undefined {
    if (!this.#connection.isChanged()) return undefined;
    const tid = this.#connection.commit(transactionMeta({ description }));
    this.#isNew = false;
    this.#written.clear();
    return tid;
  }

  // Appending goes on with the next block: nothing more is expected of the one before, so it is stored as one object.
  #settle(block: number): void {
    const object = this.#written.has(block) ? this.#object(block) : undefined;
    if (object !== undefined && formatOf(object) !== "ZBlk0")
      this.#store(block, "ZBlk0", readBlock(this.#connection, object));
  }

  #store(block: number, format: "ZBlk0" | "ZBlk1", data: Uint8Array): void {
    const object = this.#object(block);
    if (object !== undefined && formatOf(object) === format) updateBlock(this.#connection, object, data);
    else this.#table.set(block, createBlock(this.#connection, format, data).ref);
    this.#written.add(block);
  }

  #object(block: number): StoredObject | undefined {
    const ref = this.#table.get(block);
    if (ref === undefined) return undefined;
    if (!(ref instanceof PersistentRef)) throw malformed("value in a table of blocks");
    return this.#connection.get(ref.oid);
  }
}

function named(connection: Connection, name: string): StoredObject | undefined {
  const value: PickleValue | undefined = connection.root().get(name);
  if (value === undefined) return undefined;
  if (value instanceof PersistentRef) return connection.get(value.oid);
  throw userError("ENOFILE", `the root object's key "${name}" holds something that is no big file`);
}

function createFile(connection: Connection, name: string, blockSize: number): StoredObject {
  if (!Number.isSafeInteger(blockSize) || blockSize <= 0 || blockSize > greatestBlockSize) {
    throw userError("EUSAGE", `${blockSize} is no block size`, { hint: "blocks have from 1 byte to 1 GiB" });
  }
  const table = connection.createBTree(BLOCKS);
  const file = connection.create(fileClasses.file, [blockSize, connection.refTo(table)]);
  connection.root().set(name, file.ref);
  return file;
}

function stateOf(file: StoredObject, { name }: WriterOptions): { readonly blksize: number; readonly blktab: Oid } {
  const state = readFileState(file, file.oid);
  if (state !== undefined) return { blksize: Number(state.blksize), blktab: state.blktab };
  const what = name === undefined ? `object ${formatOid(file.oid)}` : `the root object's "${name}"`;
  throw userError("ENOFILE", `${what} is no big file, but a ${file.class.module}.${file.class.name}`);
}

function overlay(oldData: Uint8Array, offset: number, data: Uint8Array): Uint8Array {
  const joined = new Uint8Array(Math.max(oldData.length, offset + data.length));
  joined.set(oldData);
  joined.set(data, offset);
  return joined;
}
