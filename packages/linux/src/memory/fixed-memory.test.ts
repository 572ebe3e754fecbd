import { closeSync, openSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { errno } from "../errno/errno-table.ts";
import { preadRaw } from "../files/io.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { FixedMemory } from "./fixed-memory.ts";

test("a call writes where it is told to, and nowhere outside, whatever is allocated meanwhile", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "abcdef");
  const fd = openSync(dir.file("f"), "r");
  // Some of them so small that the engine would rather have them among its own objects, which move.
  const memories = [1, 4, 8, 4096].map((size) => new FixedMemory(size));
  const addresses = memories.map(({ address }) => address);
  for (let round = 0, garbage: unknown[] = []; round < 200; round++, garbage = [])
    for (let index = 0; index < 1000; index++) garbage.push(Buffer.alloc(16));
  try {
    for (const [index, memory] of memories.entries()) {
      expect(memory.address).toBe(addresses[index]);
      expect(preadRaw(fd, memory.room(memory.bytes.length - 1, 1), 1, 2)).toBe(1);
      expect(memory.bytes.at(-1)).toBe(0x63);
      expect(() => preadRaw(fd, memory.room(memory.bytes.length - 1, 2), 2, 0)).toThrow(RangeError);
      expect(() => preadRaw(fd, memory.room(-1, 1), 1, 0)).toThrow(RangeError);
    }
  } finally {
    closeSync(fd);
  }
  expect(preadRaw(fd, new FixedMemory(1).room(0, 1), 1, 0)).toBe(-errno.EBADF);
});
