import { expect, test } from "vitest";

import { IdHash, viewOf } from "../ids/id-hash.ts";
import { IdFilter } from "./id-filter.ts";

// As the kernel makes them: length, type, generation, inode.
function handleOf(inode: number): Buffer {
  const handle = Buffer.alloc(20);
  for (const [at, word] of [12, 1, Math.imul(inode, 0x9e3779b1) >>> 0, inode, 0].entries())
    handle.writeUInt32LE(word, 4 * at);
  return handle;
}

function hashOf(inode: number): IdHash {
  const hash = new IdHash();
  hash.take(viewOf(handleOf(inode)));
  return hash;
}

test("every id that was added may be there, and hardly any other", () => {
  const filter = new IdFilter();
  const many = 200_000;
  for (let inode = 0; inode < many; inode++) filter.add(hashOf(inode));
  let [missed, wrong] = [0, 0];
  for (let inode = 0; inode < many; inode++) {
    if (!filter.mayHold(hashOf(inode))) missed++;
    if (filter.mayHold(hashOf(many + inode))) wrong++;
  }
  expect(missed).toBe(0);
  expect(wrong / many).toBeLessThan(0.0001);
});
