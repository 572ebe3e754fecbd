import { randomFillSync } from "node:crypto";

import { expect, test } from "vitest";

import { blockSize } from "./blocks.ts";
import { rollingSumOf, SumFilter } from "./rolling-sum.ts";

const bytes = randomFillSync(Buffer.alloc(4 * blockSize));

test("a block is found by its sum wherever it begins", () => {
  for (const at of [0, 1, 4711, blockSize, 3 * blockSize]) {
    const wanted = rollingSumOf(bytes.subarray(at, at + blockSize));
    const filter = new SumFilter();
    filter.add(wanted);
    const whole = { first: 0, last: 3 * blockSize };
    expect(filter.scan(bytes, whole, (_, sum) => sum === wanted)).toBe(at);
    expect(filter.scan(bytes, { first: at, last: at }, () => true)).toBe(at);
    expect(filter.scan(bytes, { first: at, last: 3 * blockSize }, (found) => found > at)).not.toBe(at);
    filter.clear();
    expect(filter.scan(bytes, whole, () => true)).toBeUndefined();
  }
});

test("sums tell of every byte and of the order of bytes, and are small numbers also for what is largest", () => {
  const block = Buffer.from(bytes.subarray(0, blockSize));
  const sums = new Set([rollingSumOf(block)]);
  for (const at of [0, 1, blockSize / 2, blockSize - 1]) {
    const other = Buffer.from(block);
    other[at] = (other[at] ?? 0) ^ 1;
    sums.add(rollingSumOf(other));
  }
  sums.add(rollingSumOf(Buffer.from(block).reverse()));
  expect(sums.size).toBe(6);
  expect(rollingSumOf(Buffer.alloc(blockSize, 0xff))).toBe(rollingSumOf(Buffer.alloc(blockSize, 0xff)) | 0);
});
