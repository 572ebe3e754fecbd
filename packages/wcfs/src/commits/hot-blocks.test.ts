import { expect, test } from "vitest";
import { HotBlocks } from "./hot-blocks.ts";

const BLK = 65_536;

/** Changes a block over and over; it is read after each change that was not pushed. @returns whether each was pushed: `p`, or not: `.` */
function pushes(hot: HotBlocks<string>, changes: number, read = 4096, blksize = BLK): string {
  let told = "";
  for (let i = 0; i < changes; i++) {
    const pushed = hot.changed("file", 7, blksize);
    if (!pushed && read > 0) hot.noteRead("file", 7, read);
    told += pushed ? "p" : ".";
  }
  return told;
}

test("a block read after each change is pushed, the longer the surer it is, but for a probe now and then", () => {
  expect(pushes(new HotBlocks(), 50)).toBe(`.p.ppp.${"p".repeat(7)}.${"p".repeat(15)}.${"p".repeat(15)}.ppp`);
});

test("a block that nobody reads is not", () => {
  expect(pushes(new HotBlocks(), 20, 0)).toBe(".".repeat(20));
});

test("when readers leave, what was trusted them is used up, and no more", () => {
  const hot = new HotBlocks<string>();
  pushes(hot, 14);
  expect(pushes(hot, 20, 0)).toBe(`.${".".repeat(19)}`);
});

test("one READ of a page is no reason to push a large block", () => {
  expect(pushes(new HotBlocks(), 20, 4096, 2 << 20)).toBe(".".repeat(20));
});

test("what was read of another block or file does not count, nor what was before everything was forgotten", () => {
  const hot = new HotBlocks<string>();
  hot.changed("file", 7, BLK);
  hot.noteRead("file", 8, BLK);
  hot.noteRead("other", 7, BLK);
  expect(hot.changed("file", 7, BLK)).toBe(false);
  hot.noteRead("file", 7, BLK);
  hot.clear();
  expect(hot.changed("file", 7, BLK)).toBe(false);
});

test.each([
  [1000, 1000],
  [5000, 0],
])("of %d blocks that are all read %d are pushed: it remembers a thousand", (blocks, expected) => {
  const hot = new HotBlocks<string>();
  const round = () =>
    Array.from({ length: blocks }, (_, blk) => {
      const pushed = hot.changed("file", blk, BLK);
      if (!pushed) hot.noteRead("file", blk, BLK);
      return pushed;
    });
  round();
  expect(round().filter(Boolean).length).toBe(expected);
});
