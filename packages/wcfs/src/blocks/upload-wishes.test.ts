import { expect, test } from "vitest";
import { UploadWishes } from "./upload-wishes.ts";

const policy = { delay: 5, parallel: 2, limit: 3 };

function wishes() {
  return new UploadWishes<string>(policy);
}

function blocks(taken: readonly { file: string; blk: number }[]): string[] {
  return taken.map(({ file, blk }) => `${file}${blk}`);
}

test("a block read in part is uploaded when it was left alone for a moment", () => {
  const w = wishes();
  w.noteRead("a", 1, 10, 100, 0);
  expect(w.nextIn(0)).toBe(5);
  expect(w.take(4)).toEqual([]);
  w.noteRead("a", 1, 10, 100, 4);
  expect(w.take(8)).toEqual([]);
  expect(blocks(w.take(9))).toEqual(["a1"]);
  expect(w.size).toBe(0);
});

test("a block that READs have covered is not uploaded", () => {
  const w = wishes();
  for (let part = 0; part < 4; part++) w.noteRead("a", 1, 25, 100, part);
  w.noteRead("a", 2, 100, 100, 4);
  expect(w.take(100)).toEqual([]);
});

test("only so many uploads are under way, the next one starts when one has ended", () => {
  const w = wishes();
  for (const blk of [1, 2, 3]) w.noteRead("a", blk, 10, 100, 0);
  expect(blocks(w.take(10))).toEqual(["a1", "a2"]);
  expect(w.take(10)).toEqual([]);
  expect(w.nextIn(10)).toBeUndefined();
  w.done();
  expect(w.nextIn(10)).toBe(0);
  expect(blocks(w.take(10))).toEqual(["a3"]);
});

test("with too many wishes the oldest are dropped", () => {
  const w = wishes();
  for (const blk of [1, 2, 3, 4]) w.noteRead("a", blk, 10, 100, blk);
  expect(blocks(w.take(100))).toEqual(["a2", "a3"]);
});

test("a changed block and a forgotten file lose their wishes", () => {
  const w = wishes();
  w.noteRead("a", 1, 10, 100, 0);
  w.noteRead("a", 2, 10, 100, 0);
  w.noteRead("b", 1, 10, 100, 0);
  w.forget("a", 1);
  w.forgetFile("b");
  expect(blocks(w.take(100))).toEqual(["a2"]);
});
