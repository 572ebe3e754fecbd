import { expect, test } from "vitest";

import { IdHash, viewOf } from "../ids/id-hash.ts";
import { IdTable } from "./id-table.ts";

// As the kernel makes them: length, type, generation, inode; somewhere in larger memory.
const memory = Buffer.alloc(24);
const hash = new IdHash();
function handleOf(inode: number): IdHash {
  for (const [at, word] of [12, 1, Math.imul(inode, 0x9e3779b1) >>> 0, inode, 0].entries())
    memory.writeUInt32LE(word, 4 + 4 * at);
  hash.take(viewOf(memory), 4, 24);
  return hash;
}

function nameOf(index: number, directory: number): IdHash {
  const name = Buffer.from(`file-${index}`);
  hash.take(viewOf(name), 0, name.length, directory);
  return hash;
}

test.each([
  ["ids", handleOf],
  ["names of one directory", (index: number) => nameOf(index, 7)],
  ["a name in many directories", (index: number) => nameOf(1, index)],
])("everything that was added is there, and nothing else: %s", (_, hashOf) => {
  const table = new IdTable();
  const many = 300_000;
  for (let index = 0; index < many; index++) {
    table.add(hashOf(index));
    if (index % 2 === 0) table.add(hashOf(index));
  }
  expect(table.size).toBe(many);
  let [missed, wrong] = [0, 0];
  for (let index = 0; index < many; index++) {
    if (!table.has(hashOf(index))) missed++;
    if (table.has(hashOf(many + index))) wrong++;
  }
  expect([missed, wrong]).toEqual([0, 0]);
  table.clear();
  expect([table.size, table.has(hashOf(1))]).toEqual([0, false]);
});
