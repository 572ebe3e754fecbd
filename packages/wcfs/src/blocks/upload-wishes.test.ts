import { expect, test } from "vitest";
import { UploadWishes } from "./upload-wishes.ts";

const policy = { quiet: 5, jumps: 2, parallel: 2, limit: 3 };
const BLKSIZE = 100;

function wishes() {
  const all = new UploadWishes<string>(policy);
  const read = (name: string, from: number, length: number, now: number) =>
    all.noteRead(name.slice(0, 1), Number(name.slice(1)), from, length, BLKSIZE, now);
  const take = (now: number) => all.take(now).map(({ file, blk }) => `${file}${blk}`);
  return { all, read, take };
}

test("a block read in part is uploaded when nothing was read for a moment", () => {
  const { all, read, take } = wishes();
  read("a1", 0, 10, 0);
  expect(all.nextIn(0)).toBe(5);
  expect(take(4)).toEqual([]);
  read("a2", 0, 10, 4);
  expect(take(8)).toEqual([]);
  expect(take(9)).toEqual(["a1", "a2"]);
  expect(all.size).toBe(0);
});

test("a block that READs have covered is not uploaded", () => {
  const { read, take } = wishes();
  for (let part = 0; part < 4; part++) read("a1", 25 * part, 25, part);
  read("a2", 0, 100, 4);
  expect(take(100)).toEqual([]);
});

test("a block that is read here and there is uploaded at once", () => {
  const { all, read, take } = wishes();
  read("a1", 50, 5, 0);
  read("a1", 10, 5, 1);
  expect(take(1)).toEqual([]);
  read("a1", 90, 5, 2);
  expect(all.nextIn(2)).toBe(0);
  expect(take(2)).toEqual(["a1"]);
});

test("only so many uploads are under way, the next one starts when one has ended", () => {
  const { all, read, take } = wishes();
  for (const name of ["a1", "a2", "a3"]) read(name, 0, 10, 0);
  expect(take(10)).toEqual(["a1", "a2"]);
  expect(take(10)).toEqual([]);
  expect(all.nextIn(10)).toBeUndefined();
  all.done();
  expect(all.nextIn(10)).toBe(0);
  expect(take(10)).toEqual(["a3"]);
});

test("with too many wishes the oldest are dropped", () => {
  const { read, take } = wishes();
  for (const name of ["a1", "a2", "a3", "a4"]) read(name, 0, 10, 0);
  expect(take(100)).toEqual(["a2", "a3"]);
});

test("a changed block and a forgotten file lose their wishes", () => {
  const { all, read, take } = wishes();
  for (const name of ["a1", "a2", "b1"]) read(name, 0, 10, 0);
  all.forget("a", 1);
  all.forgetFile("b");
  expect(take(100)).toEqual(["a2"]);
});
