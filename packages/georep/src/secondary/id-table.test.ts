import { expect, test } from "vitest";

import { IdTable } from "./id-table.ts";

// As the kernel makes them: length, type, generation, inode; somewhere in larger memory.
const memory = Buffer.alloc(24);
function put(inode: number): void {
  for (const [at, word] of [12, 1, Math.imul(inode, 0x9e3779b1) >>> 0, inode, 0].entries())
    memory.writeUInt32LE(word, 4 + 4 * at);
}

test("every id that was added is there, and no other one", () => {
  const table = new IdTable();
  const many = 300_000;
  for (let inode = 0; inode < many; inode++) {
    put(inode);
    table.add(memory, 4, 24);
    if (inode % 2 === 0) table.add(memory, 4, 24);
  }
  let [missed, wrong] = [0, 0];
  for (let inode = 0; inode < many; inode++) {
    put(inode);
    if (!table.has(Buffer.from(memory.subarray(4)))) missed++;
    put(many + inode);
    if (table.has(memory, 4, 24)) wrong++;
  }
  expect([missed, wrong]).toEqual([0, 0]);
  table.clear();
  put(1);
  expect(table.has(memory, 4, 24)).toBe(false);
});
