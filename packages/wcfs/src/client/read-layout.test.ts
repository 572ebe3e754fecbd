import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf, isSameLayout, readLayout } from "./read-layout.ts";

test("bytes come from head, from revisions, and are zeros behind the end", async () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  const open = (name: string, content: string) => {
    writeFileSync(join(directory, name), content);
    return openSync(join(directory, name), "r");
  };
  const head = open("head", "aaaabbbbccccddddeeee");
  const revisions: Record<string, number> = { 7: open("7", "AAAABBBB"), 9: open("9", "____----CCCC") };
  const files = {
    blksize: 4,
    headFd: head,
    atRevision: <T>(rev: bigint, use: (fd: number) => Promise<T>) => use(revisions[String(rev)] ?? -1),
  };
  const layout = {
    version: 0,
    headSize: 16,
    pinned: [
      [2, 9n],
      [1, 7n],
      [3, 7n],
    ] as const,
  };
  const read = async (offset: number, length: number) => {
    const into = Buffer.alloc(length, "?");
    into.fill(0);
    await readLayout(files, layout, offset, into);
    return into.toString("latin1").replaceAll("\0", ".");
  };
  expect(await read(0, 24)).toBe("aaaaBBBBCCCC............");
  expect(await read(2, 8)).toBe("aaBBBBCC");
  expect(await read(5, 1)).toBe("B");
  expect(await read(17, 3)).toBe("...");
  for (const fd of [head, ...Object.values(revisions)]) closeSync(fd);
  rmSync(directory, { recursive: true });
});

test("a range of bytes lies in the blocks it touches", () => {
  expect(blocksOf(0, 4, 4)).toEqual({ start: 0, stop: 1 });
  expect(blocksOf(3, 2, 4)).toEqual({ start: 0, stop: 2 });
  expect(blocksOf(8, 0, 4)).toEqual({ start: 2, stop: 2 });
});

test("layouts are the same whatever the order of pins", () => {
  const layout = { version: 1, headSize: 8, pinned: [[0, 1n] as const, [1, 2n] as const] };
  expect(isSameLayout(layout, { ...layout, version: 2, pinned: layout.pinned.toReversed() })).toBe(true);
  expect(isSameLayout(layout, { ...layout, pinned: [[0, 1n]] })).toBe(false);
  expect(
    isSameLayout(layout, {
      ...layout,
      pinned: [
        [0, 1n],
        [1, 3n],
      ],
    }),
  ).toBe(false);
  expect(isSameLayout(layout, { ...layout, headSize: 12 })).toBe(false);
});
