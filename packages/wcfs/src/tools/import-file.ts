import { openStorage, type Oid, type Tid } from "@belay/zodb";
import { userError } from "@belay/supervise";
import { BigFileWriter, type WriterOptions } from "./bigfile-writer.ts";
import { refuseOwnFiles } from "./own-files.ts";
import { readBlocks } from "./read-blocks.ts";
import { lengthWithoutZeroTail, withoutZeroTail } from "./zero-tail.ts";

/** Where in the big file the input goes. */
export type Placement =
  | { readonly kind: "new" }
  /** After the last block. */
  | { readonly kind: "append" }
  /** Where an interrupted import of the same input stopped. */
  | { readonly kind: "resume" }
  /** Over what is there, from this byte on. */
  | { readonly kind: "offset"; readonly offset: number };

/** What is imported, where to, and who is told. */
export interface ImportOptions extends WriterOptions {
  readonly zurl: string;
  /** Path of the input; `-` is standard input. */
  readonly input: string;
  readonly placement: Placement;
  /** Make the database if its file does not exist. Default false. */
  readonly createDatabase?: boolean;
  /** Bytes of input that one transaction takes in. Default 64 MiB. */
  readonly transactionSize?: number;
  readonly signal?: AbortSignal | undefined;
  /** @param done bytes of the input that are through, those of an earlier run included */
  readonly onProgress?: (done: number) => void;
  /** A transaction is durable. @param size of the big file now, in bytes */
  readonly onCommit?: (commit: { readonly tid: Tid; readonly size: number; readonly done: number }) => void;
}

/** What an import did. */
export interface ImportResult {
  readonly oid: Oid;
  /** Newest transaction; undefined: there was nothing to do. */
  readonly tid: Tid | undefined;
  /** Bytes of the big file. */
  readonly size: number;
  /** Bytes of input taken in by this run. */
  readonly bytes: number;
  readonly transactions: number;
}

const defaultTransactionSize = 64 * 2 ** 20;

/**
 * Stores a file, or what comes through a pipe, in a big file.
 *
 * Whole blocks are committed as it goes on. Whatever ends it, the database is good and has all that was committed; where it stopped can be
 * told from the database alone.
 *
 * @throws BelayError `EEXISTS`: the name is taken and no placement says what to do with it; `ERESUME`: what is there is not from this input;
 * `EUSAGE`: the input is the database itself
 */
export async function importFile(options: ImportOptions): Promise<ImportResult> {
  refuseOwnFiles(options.zurl, options.input === "-" ? "/dev/stdin" : options.input);
  await using storage = await openStorage(options.zurl, { readOnly: false, create: options.createDatabase ?? false });
  const writer = BigFileWriter.open(storage, options);
  const start = startOf(writer, options.placement);
  const blocks = readBlocks(options.input, { blockSize: writer.blksize, signal: options.signal, ...start.cut });
  if (start.verify !== undefined) await verifyLastBlock(blocks, writer, start.verify);
  return await new Import(writer, options, start.offset, start.skipped).run(blocks);
}

interface Start {
  /** Where the input is read from, and its first cut. */
  readonly cut: { readonly start?: number; readonly firstSize?: number };
  /** Where in the big file it goes. */
  readonly offset: number;
  /** Input that is there already. */
  readonly skipped: number;
  /** A block that has to be equal to the first of the input. */
  readonly verify?: number;
}

function startOf(writer: BigFileWriter, placement: Placement): Start {
  const { blksize, size, isNew } = writer;
  switch (placement.kind) {
    case "new":
      if (!isNew) throw alreadyThere(writer);
      return { cut: {}, offset: 0, skipped: 0 };
    case "append":
      return { cut: {}, offset: size, skipped: 0 };
    case "offset":
      return { cut: { firstSize: blksize - (placement.offset % blksize) }, offset: placement.offset, skipped: 0 };
    case "resume":
      if (size === 0) return { cut: {}, offset: 0, skipped: 0 };
      if (!Number.isSafeInteger(size)) throw notOfThisInput(size / blksize - 1);
      return { cut: { start: size - blksize }, offset: size, skipped: size, verify: size / blksize - 1 };
  }
}

// The block may be the input's last and shorter: what follows its end is zeros in the big file.
async function verifyLastBlock(
  blocks: AsyncGenerator<Uint8Array, void>,
  writer: BigFileWriter,
  block: number,
): Promise<void> {
  const input = await blocks.next();
  if (input.done !== true && Buffer.compare(withoutZeroTail(input.value), withoutZeroTail(writer.read(block))) === 0)
    return;
  throw notOfThisInput(block);
}

function notOfThisInput(block: number): Error {
  return userError("ERESUME", `block ${block} of the big file, its last, is not from this input`, {
    hint: "resume with the very input that the interrupted import had, or use --append",
  });
}

function alreadyThere(writer: BigFileWriter): Error {
  return userError("EEXISTS", `${writer.label} is there already, ${writer.size} bytes`, {
    hint: "--resume goes on with an interrupted import, --append writes after its end, --offset over it",
  });
}

// Beyond this bytes cannot be told apart.
function tooLarge(): Error {
  return userError("EFBIG", "the big file would have 2^53 bytes or more", { hint: "is the --offset right?" });
}

class Import {
  readonly #writer: BigFileWriter;
  readonly #options: ImportOptions;
  readonly #start: number;
  readonly #skipped: number;
  #offset: number;
  #committedAt: number;
  #tid: Tid | undefined;
  #transactions = 0;

  constructor(writer: BigFileWriter, options: ImportOptions, offset: number, skipped: number) {
    this.#writer = writer;
    this.#options = options;
    this.#start = this.#offset = this.#committedAt = offset;
    this.#skipped = skipped;
  }

  async run(blocks: AsyncGenerator<Uint8Array, void>): Promise<ImportResult> {
    const limit = this.#options.transactionSize ?? defaultTransactionSize;
    let zeroBlockAtEnd: number | undefined;
    for await (const data of blocks) {
      this.#options.signal?.throwIfAborted();
      zeroBlockAtEnd = this.#put(data) ? undefined : this.#offset;
      this.#offset += data.length;
      this.#options.onProgress?.(this.#done());
      if (this.#offset - this.#committedAt >= limit) this.#commit();
    }
    // The last block makes the size, also when it is nothing but zeros.
    if (zeroBlockAtEnd !== undefined) this.#writer.writeZeros(Math.floor(zeroBlockAtEnd / this.#writer.blksize));
    if (this.#offset > this.#committedAt || this.#writer.isNew) this.#commit();
    const { oid, size } = this.#writer;
    return { oid, tid: this.#tid, size, bytes: this.#offset - this.#start, transactions: this.#transactions };
  }

  /** @returns false when the data is zeros that need no block */
  #put(data: Uint8Array): boolean {
    const { blksize } = this.#writer;
    if (!Number.isSafeInteger(this.#offset + blksize)) throw tooLarge();
    const block = Math.floor(this.#offset / blksize);
    if (lengthWithoutZeroTail(data) === 0 && !this.#writer.has(block)) return false;
    this.#writer.write(block, this.#offset % blksize, data);
    return true;
  }

  #commit(): void {
    const tid = this.#writer.commit(`belay wcfs import: ${this.#done()} bytes`);
    this.#committedAt = this.#offset;
    if (tid === undefined) return;
    this.#tid = tid;
    this.#transactions++;
    this.#options.onCommit?.({ tid, size: this.#writer.size, done: this.#done() });
  }

  #done(): number {
    return this.#skipped + this.#offset - this.#start;
  }
}
