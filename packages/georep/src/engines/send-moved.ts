import { setImmediate } from "node:timers/promises";

import { pread } from "@belay/linux";

import type { Secondary } from "../rpc/secondary-client.ts";
import { BaseBlocks, type FoundBlock } from "./base-blocks.ts";
import { blockSize, signatureOf } from "./blocks.ts";
import { nextData } from "./data-ranges.ts";
import type { FileToCompare, NewContent, Output } from "./output.ts";

/** Bytes that are searched at once, in some ten milliseconds. */
const stride = 4 * 1024 * 1024;
/** Bytes that are searched in vain before a file is taken for one that was written anew. */
const firstSearch = 64 * 1024 * 1024;
/** Most blocks that the destination is asked to move at once. */
const mostBlocks = 256;
/** Places that are looked at to learn whether the rest has moved. */
const samples = 8;

/** What has moved is looked for with this. */
export type MoveFinder = Pick<Secondary, "signatures" | "sums">;

/**
 * Sends the rest of a file in which content has moved, as something was put in or taken out before it: the destination moves what it has, wherever
 * it is now, and gets what it has not.
 *
 * A file of which the rest mostly is where it was is left alone, whatever is found: a copy within a database or an image is not worth making all of
 * it anew.
 *
 * @param from  where the content begins to differ
 * @returns false: nothing has moved, or it cannot be moved there; nothing was sent
 */
export async function sendMoved(
  secondary: MoveFinder,
  file: FileToCompare,
  output: Output,
  from: number,
): Promise<boolean> {
  if (await isMostlyInPlace(secondary, file, from)) return false;
  const search = new Search(secondary, file);
  const found = await search.within(from, from + firstSearch);
  if (found === undefined || found.at === found.block * blockSize) return false;
  const content = await output.makeAnew(from);
  if (content === undefined) return false;
  await content.range(from, found.at);
  await sendRest(search, file, content, await moveRun(search, content, found));
  return true;
}

async function sendRest(search: Search, { fd, size }: FileToCompare, content: NewContent, from: number): Promise<void> {
  for (let at = nextData(fd, from); at < size; at = nextData(fd, at)) {
    const found = await search.within(at, at + 1);
    const end = found?.at ?? Math.min(at + stride, size);
    await content.range(at, end);
    at = found === undefined ? end : await moveRun(search, content, found);
  }
}

/** @returns where it ends */
async function moveRun(search: Search, content: NewContent, found: FoundBlock): Promise<number> {
  const length = (await search.follow(found)) * blockSize;
  await content.move({ from: found.block * blockSize, to: found.at, length });
  return found.at + length;
}

async function isMostlyInPlace(
  secondary: MoveFinder,
  { id, fd, size, base }: FileToCompare,
  from: number,
): Promise<boolean> {
  const [first, count] = [Math.ceil(from / blockSize), Math.floor(Math.min(size, base) / blockSize)];
  const step = Math.max(Math.floor((count - first) / (samples + 1)), 1);
  const blocks = Array.from({ length: samples }, (_, index) => first + (index + 1) * step).filter((at) => at < count);
  const signatures = await Promise.all(blocks.map((block) => secondary.signatures(id, block, 1)));
  const bytes = Buffer.allocUnsafe(blockSize);
  const inPlace = blocks.filter((block, index) => {
    const length = pread(fd, bytes, block * blockSize);
    return signatures[index]?.equals(signatureOf(bytes.subarray(0, length)));
  }).length;
  return 2 * inPlace > blocks.length;
}

class Search {
  readonly #file: FileToCompare;
  readonly #blocks: BaseBlocks;
  readonly #room = Buffer.allocUnsafeSlow(stride + blockSize);
  /** By how much what was found last has moved. */
  #shift = 0;

  constructor(secondary: MoveFinder, file: FileToCompare) {
    this.#file = file;
    this.#blocks = new BaseBlocks((first, count) => secondary.sums(file.id, first, count), file.base);
  }

  /** The first block that the destination has, and that begins in a stride of this part of the file. */
  async within(from: number, to: number): Promise<FoundBlock | undefined> {
    const { fd, size } = this.#file;
    for (let at = from; at < to && at + blockSize <= size; at += stride) {
      await this.#blocks.around(Math.floor((at - this.#shift) / blockSize));
      const length = pread(fd, this.#room, at);
      if (length < blockSize) return undefined;
      const last = Math.min(length - blockSize, stride - 1);
      const found = this.#blocks.find(this.#room.subarray(0, length), at, last);
      if (found !== undefined) return found;
      await setImmediate(); // others have something to do, too
    }
    return undefined;
  }

  /** How many blocks have moved together, one at least. */
  async follow({ at, block }: FoundBlock): Promise<number> {
    const { fd } = this.#file;
    this.#shift = at - block * blockSize;
    const bytes = this.#room.subarray(0, blockSize);
    for (let count = 1; count < mostBlocks; count++) {
      await this.#blocks.around(block + count);
      const length = pread(fd, bytes, at + count * blockSize);
      if (length < blockSize || !this.#blocks.is(block + count, bytes)) return count;
    }
    return mostBlocks;
  }
}
