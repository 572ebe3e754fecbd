import { readFileSync } from "node:fs";
import { MAGIC_PY2, MAGIC_SIZE } from "./format.ts";
import { IndexPickles, NotAnIndex, type IndexValue } from "./index-pickle.ts";
import { OidIndex } from "./oid-index.ts";
import { replaceFile } from "./replace-file.ts";

/** Below this end position an index is taken as absent, as ZODB does: scanning is as quick. */
const SMALLEST_POSITION = 100;
const WRITE_CHUNK = 1 << 20;

/** An index as it was when the file ended at `pos`. */
export interface SavedIndex {
  readonly pos: number;
  readonly index: OidIndex;
}

/** Where the index of a FileStorage is kept. */
export function indexPath(path: string): string {
  return `${path}.index`;
}

/**
 * Reads an index file, some thousand objects at each step. Its content is not verified against the file yet.
 *
 * @param limit  size of the file: an index that covers more is of another state of it
 * @returns why there is none to be used, or the index
 */
export function* readIndexFile(path: string, limit: number): Generator<number, SavedIndex | "missing" | "unusable"> {
  const bytes = readIfThere(indexPath(path));
  if (bytes === undefined) return "missing";
  const pickles = new IndexPickles(bytes);
  try {
    const pos = pickles.next();
    if (typeof pos !== "number" || pos < SMALLEST_POSITION || pos > limit) return "unusable";
    const index = new OidIndex();
    for (let value = pickles.next(); value !== null; value = pickles.next()) {
      addPage(index, value, pos);
      yield index.size;
    }
    return { pos, index };
  } catch (error) {
    if (error instanceof NotAnIndex) return "unusable";
    throw error;
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // Absent, unreadable or too large: the file itself tells all an index does.
  }
}

// A page: the first six bytes of the oids; then the last two of each, then six bytes of offset for each.
function addPage(index: OidIndex, page: IndexValue, pos: number): void {
  if (!Array.isArray(page)) throw new NotAnIndex("no page");
  const [prefix, items] = page as readonly IndexValue[];
  if (!(prefix instanceof Buffer) || !(items instanceof Buffer)) throw new NotAnIndex("no page");
  if (prefix.length !== 6 || items.length % 8 !== 0) throw new NotAnIndex("page of a wrong size");
  const high = prefix.readUInt32BE(0);
  const middle = prefix.readUInt16BE(4) * 0x1_0000;
  const count = items.length / 8;
  for (let i = 0; i < count; i++) {
    const offset = items.readUIntBE(count * 2 + i * 6, 6);
    if (offset < MAGIC_SIZE || offset >= pos) throw new NotAnIndex("offset outside of the file");
    index.setParts(high, middle + items.readUInt16BE(i * 2), offset);
  }
}

/**
 * Writes the index file, all of it or nothing.
 *
 * @param magic  of the file: Python 2 reads byte strings of its own kind only
 * @throws errors of the file system; an old index file remains then
 */
export function writeIndexFile(path: string, magic: string, saved: SavedIndex): void {
  const content = chunks(indexPickles(saved, magic === MAGIC_PY2));
  replaceFile(indexPath(path), temporaryIndexPath(path), content);
}

/** Name an index has while it is written; ZODB takes the same one. Only who holds the lock of the database may touch it. */
export function temporaryIndexPath(path: string): string {
  return `${indexPath(path)}.index_tmp`;
}

function* indexPickles({ pos, index }: SavedIndex, python2: boolean): Generator<Buffer> {
  yield Buffer.concat([Buffer.of(0x80, 3), pickledInteger(pos), Buffer.of(0x2e)]);
  const [short, long] = python2 ? [0x55, 0x54] : [0x43, 0x42];
  for (const { prefix, items } of pages(index)) {
    const head = Buffer.alloc(15);
    head.set([0x80, 3, short, 6]);
    head.writeUIntBE(prefix, 4, 6);
    if (items.length < 256) {
      head.set([short, items.length], 10);
      yield head.subarray(0, 12);
    } else {
      head[10] = long;
      head.writeUInt32LE(items.length, 11);
      yield head;
    }
    yield items;
    yield Buffer.of(0x86, 0x2e);
  }
  yield Buffer.of(0x80, 3, 0x4e, 0x2e);
}

function pickledInteger(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  if (value < 0x8000_0000) {
    bytes[0] = 0x4a;
    bytes.writeInt32LE(value, 1);
    return bytes.subarray(0, 5);
  }
  bytes.set([0x8a, 7]);
  bytes.writeUIntLE(value, 2, 6);
  return bytes;
}

function* pages(index: OidIndex): Generator<{ prefix: number; items: Buffer }> {
  let prefix = -1;
  let suffixes: number[] = [];
  let offsets: number[] = [];
  for (const [oid, offset] of index.entries()) {
    const page = Number(oid >> 16n);
    if (page !== prefix && offsets.length > 0) {
      yield { prefix, items: pageItems(suffixes, offsets) };
      suffixes = [];
      offsets = [];
    }
    prefix = page;
    suffixes.push(Number(oid & 0xffffn));
    offsets.push(offset);
  }
  if (offsets.length > 0) yield { prefix, items: pageItems(suffixes, offsets) };
}

function pageItems(suffixes: readonly number[], offsets: readonly number[]): Buffer {
  const items = Buffer.alloc(offsets.length * 8);
  for (const [i, suffix] of suffixes.entries()) items.writeUInt16BE(suffix, i * 2);
  for (const [i, offset] of offsets.entries()) items.writeUIntBE(offset, suffixes.length * 2 + i * 6, 6);
  return items;
}

function* chunks(pieces: Iterable<Buffer>): Generator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < WRITE_CHUNK) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  yield Buffer.concat(waiting);
}
