import { expect, test } from "vitest";
import { chooseFormat, formatOfEnvironment, parseFormat } from "./block-format.ts";
import { lengthWithoutZeroTail } from "./zero-tail.ts";

const blockSize = 8;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const full = bytes(1, 2, 3, 4, 5, 6, 7, 8);

test("a new full block at the end is one object, a short one is in chunks", () => {
  const append = { block: 3, blockSize, lastBlock: 2, oldData: bytes() };
  expect(chooseFormat({ ...append, newData: full })).toBe("ZBlk0");
  expect(chooseFormat({ ...append, newData: bytes(1, 2, 3) })).toBe("ZBlk1");
  expect(chooseFormat({ ...append, newData: bytes(1, 2, 3, 4) })).toBe("ZBlk0");
});

test("the last block becomes one object when appending fills it", () => {
  const oldData = full.subarray(0, 6);
  expect(chooseFormat({ block: 2, blockSize, lastBlock: 2, oldData, newData: full })).toBe("ZBlk0");
  expect(chooseFormat({ block: 2, blockSize, lastBlock: 2, oldData, newData: full.subarray(0, 7) })).toBe("ZBlk1");
});

test("a change in the middle is in chunks when it is small, whether or not the block is full", () => {
  const middle = { block: 1, blockSize, lastBlock: 2, oldData: full };
  expect(chooseFormat({ ...middle, newData: bytes(9, 2, 3, 4, 5, 6, 7, 8) })).toBe("ZBlk1");
  expect(chooseFormat({ ...middle, newData: bytes(9, 9, 9, 9, 5, 6, 7, 8) })).toBe("ZBlk0");
});

test("an unknown format is refused by name", () => {
  expect(() => parseFormat("ZBlk2")).toThrow("Unknown ZBlk format 'ZBlk2'");
  expect(formatOfEnvironment({ WENDELIN_CORE_ZBLK_FMT: "ZBlk1" })).toBe("ZBlk1");
  expect(formatOfEnvironment({})).toBe("auto");
});

test("zeros at the end are not counted, whatever their number", () => {
  const data = new Uint8Array(300_000);
  expect(lengthWithoutZeroTail(data)).toBe(0);
  data[70_001] = 1;
  expect(lengthWithoutZeroTail(data)).toBe(70_002);
  data[299_999] = 1;
  expect(lengthWithoutZeroTail(data)).toBe(300_000);
});
