import { expect, test } from "vitest";
import { SourceCache } from "../blocks/source-cache.ts";
import { holeSource } from "../blocks/source.ts";
import { BigFile } from "../files/big-file.ts";
import type { FileSpace } from "../files/big-file.ts";
import type { HeadChange } from "../files/head-files.ts";
import { FreshBlocks } from "./fresh-blocks.ts";

const BLOCKS = 200;

function makeFile(blksize: number, space: Partial<FileSpace> = {}): BigFile {
  const all: FileSpace = {
    rev: undefined,
    lookup: () => file,
    files: () => [file],
    source: () => holeSource(0n),
    fileForgotten: () => undefined,
    ...space,
  };
  const sources = new SourceCache(1 << 20).table();
  const size = BLOCKS * blksize - 100;
  const file = new BigFile({ id: 7, oid: 1n, name: "1", blksize, blktab: 2n, size, mtime: 0n, sources, space: all });
  return file;
}

function change(file: BigFile, blocks: readonly number[], oldSize?: number): HeadChange {
  const changed = { file, blocks: new Map(blocks.map((blk) => [blk, undefined])), oldSize, tid: 1n };
  return { tids: [1n], from: 0n, files: [changed] };
}

/** Changes blocks that are read each time, and then once more. @returns offset and length of what is pushed */
function pushed(fresh: FreshBlocks, file: BigFile, blocks: readonly number[], oldSize?: number): number[][] {
  fresh.of(change(file, blocks));
  for (const blk of blocks) fresh.noteRead(file, blk * file.blksize, file.blksize);
  const jobs = fresh.of(change(file, blocks, oldSize)).get(file) ?? new Map<number, never>();
  return [...jobs.values()].map(({ offset, length }) => [offset, length]);
}

test("blocks that are read after they changed are pushed when they change again, as far as the file reaches", () => {
  const file = makeFile(8192);
  expect(pushed(new FreshBlocks(() => false), file, [3, BLOCKS - 1])).toEqual([
    [3 * 8192, 8192],
    [(BLOCKS - 1) * 8192, 8092],
  ]);
});

test("nothing is pushed of a file that is watched, or whose size changes, or whose blocks share pages", () => {
  expect(pushed(new FreshBlocks(() => true), makeFile(8192), [3])).toEqual([]);
  expect(pushed(new FreshBlocks(() => false), makeFile(8192), [3], 8192)).toEqual([]);
  expect(pushed(new FreshBlocks(() => false), makeFile(6000), [3])).toEqual([]);
});

test("a damaged block is left to its readers", () => {
  const source = () => {
    throw new Error("damaged");
  };
  expect(pushed(new FreshBlocks(() => false), makeFile(8192, { source }), [3])).toEqual([]);
});

test("no more than 2 MiB are pushed at once", () => {
  const blocks = Array.from({ length: 100 }, (_, blk) => blk);
  expect(pushed(new FreshBlocks(() => false), makeFile(65_536), blocks).length).toBe(32);
});

test("reads of a revision do not count, nor what was before a rest", () => {
  const old = makeFile(8192, { rev: 5n });
  expect(pushed(new FreshBlocks(() => false), old, [3])).toEqual([]);
  const fresh = new FreshBlocks(() => false);
  const file = makeFile(8192);
  fresh.of(change(file, [3]));
  fresh.noteRead(file, 3 * 8192, 8192);
  fresh.rest();
  expect(fresh.of(change(file, [3])).get(file)?.size).toBe(0);
});
