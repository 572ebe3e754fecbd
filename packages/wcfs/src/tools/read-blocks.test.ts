import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBlocks, type BlockCut } from "./read-blocks.ts";

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "belay-test-read-"))));
afterAll(() => rmSync(directory, { recursive: true }));

async function blocksOf(content: Buffer, cut: BlockCut): Promise<Uint8Array[]> {
  const path = join(directory, "input");
  writeFileSync(path, content);
  const blocks = [];
  for await (const block of readBlocks(path, cut)) blocks.push(block);
  return blocks;
}

test("a file is cut into whole blocks and a shorter last one", async () => {
  const content = Buffer.from(Array.from({ length: 2_500_000 }, (_, i) => i % 251));
  const blocks = await blocksOf(content, { blockSize: 1_000_000 });
  expect(blocks.map((block) => block.length)).toEqual([1_000_000, 1_000_000, 500_000]);
  expect(Buffer.concat(blocks).equals(content)).toBe(true);
});

test("an empty file has no blocks, a file of whole blocks no empty one at the end", async () => {
  expect(await blocksOf(Buffer.alloc(0), { blockSize: 10 })).toEqual([]);
  expect((await blocksOf(Buffer.alloc(20, 1), { blockSize: 10 })).length).toBe(2);
});

test("reading can start further on, and with a shorter block", async () => {
  const texts = async (cut: BlockCut) =>
    (await blocksOf(Buffer.from("0123456789abc"), cut)).map((block) => Buffer.from(block).toString());
  expect(await texts({ blockSize: 4, start: 8 })).toEqual(["89ab", "c"]);
  expect(await texts({ blockSize: 4, start: 1, firstSize: 3 })).toEqual(["123", "4567", "89ab", "c"]);
});

test("a file that is not there is an error of the system", async () => {
  await expect(readBlocks(join(directory, "none"), { blockSize: 4 }).next()).rejects.toMatchObject({ code: "ENOENT" });
});
