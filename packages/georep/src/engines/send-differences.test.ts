import { randomFillSync } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { blockSize, signatureOf } from "./blocks.ts";
import type { NewContent, Output } from "./output.ts";
import { rollingSumOf } from "./rolling-sum.ts";
import { sendDifferences } from "./send-differences.ts";

const random = (length: number): Buffer => randomFillSync(Buffer.alloc(length));
const old = random(260 * blockSize + 77);

const edited = (...offsets: number[]): Buffer => {
  const bytes = Buffer.from(old);
  for (const offset of offsets) bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  return bytes;
};

const [part, noise] = [3_000_000, random(100)];
/** What is on both sides of a place where something was put in or taken out, before it is taken for one, and the end that is no block: at most. */
const around = 5 * blockSize + 77;

test.for<[string, Buffer, number, number?]>([
  ["nothing", Buffer.from(old), 0],
  ["a byte", edited(150 * blockSize), blockSize],
  ["both ends of neighbours, and the last byte", edited(blockSize - 1, blockSize, old.length - 1), 2 * blockSize + 77],
  ["blocks on both sides of a group", edited(255 * blockSize, 256 * blockSize), 2 * blockSize],
  ["an end that was cut off within a block", old.subarray(0, 100 * blockSize + 5), 5],
  ["what was added", Buffer.concat([old, Buffer.alloc(3 * blockSize, 1)]), blockSize],
  ["everything that has moved by a byte", Buffer.concat([Buffer.of(1), old]), 78],
  ["what was put in", Buffer.concat([old.subarray(0, part), noise, old.subarray(part)]), 0, 100 + around],
  [
    "much that was put in",
    Buffer.concat([old.subarray(0, part), random(part), old.subarray(part)]),
    part,
    part + around,
  ],
  ["what was taken out", Buffer.concat([old.subarray(0, part), old.subarray(2 * part)]), 0, around],
  ["both", Buffer.concat([noise, old.subarray(0, part), old.subarray(part + 1)]), 0, 100 + 2 * around],
  ["what has changed places", Buffer.concat([old.subarray(part), old.subarray(0, part)]), 0, 3 * around],
  ["zeros before all", Buffer.concat([Buffer.alloc(3 * part), old]), 0, around],
  [
    "some blocks that were written anew",
    Buffer.concat([random(20 * blockSize), old.subarray(20 * blockSize)]),
    20 * blockSize,
  ],
  ["all of it", Buffer.alloc(0), 0],
  ["another content", random(old.length), old.length],
  ["less of another content", random(7 * blockSize), 7 * blockSize],
])("differences are told once, at most a megabyte at once: %s", async ([, content, least, most = least]) => {
  for (const isBeside of [true, false]) {
    const { copy, bytes } = await differences(content, isBeside);
    expect(copy.equals(content)).toBe(true);
    expect(bytes).toBeGreaterThanOrEqual(least);
    expect(bytes).toBeLessThanOrEqual(most);
  }
});

test("where content cannot be moved, all that differs is told", async () => {
  const content = Buffer.concat([Buffer.of(1), old]);
  const { copy, bytes } = await differences(content, undefined);
  expect(copy.equals(content)).toBe(true);
  expect(bytes).toBe(content.length);
});

/** @param isBeside  whether the new content is made beside the old one from the beginning; undefined: it cannot be */
async function differences(
  content: Buffer,
  isBeside: boolean | undefined,
): Promise<{ readonly copy: Buffer; readonly bytes: number }> {
  const directory = mkdtempSync(join(tmpdir(), "belay-differences-"));
  writeFileSync(join(directory, "file"), content);
  const fd = openSync(join(directory, "file"), "r");
  let copy = Buffer.concat([old, Buffer.alloc(content.length)]);
  const base = isBeside === true ? Buffer.from(copy) : copy;
  let [bytes, last] = [0, 0];
  const put = (offset: number, piece: Buffer) => {
    expect(offset).toBeGreaterThanOrEqual(last);
    piece.copy(copy, offset);
    last = offset + piece.length;
  };
  const piece = (offset: number, data: Buffer): Promise<void> => {
    expect(data.length).toBeLessThanOrEqual(16 * blockSize);
    bytes += data.length;
    put(offset, data);
    return Promise.resolve();
  };
  const anew: NewContent = {
    range: async (start, end) => {
      for (let at = start; at < end; at += blockSize) {
        const data = Buffer.alloc(Math.min(blockSize, end - at));
        readSync(fd, data, 0, data.length, at);
        if (!data.equals(Buffer.alloc(data.length))) await piece(at, data);
      }
    },
    move: ({ from, to, length }) => {
      put(to, base.subarray(from, from + length));
      return Promise.resolve();
    },
  };
  const output: Output = {
    piece,
    makeAnew: (before) => {
      if (isBeside === undefined) return Promise.resolve(undefined);
      copy = Buffer.concat([copy.subarray(0, before), Buffer.alloc(old.length + content.length - before)]);
      return Promise.resolve(anew);
    },
  };
  try {
    const rest = await sendDifferences(
      secondary(base),
      { id: noise, fd, size: content.length, base: old.length },
      output,
    );
    content.copy(copy, rest, rest);
    return { copy: Buffer.from(copy.subarray(0, content.length)), bytes };
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}

function secondary(base: Buffer) {
  const blocks = (first: number, count: number): Buffer[] =>
    Array.from({ length: count }, (_, index) => (first + index) * blockSize)
      .filter((at) => at < old.length)
      .map((at) => base.subarray(at, Math.min(at + blockSize, old.length)));
  return {
    signatures: (_: Buffer, first: number, count: number) =>
      Promise.resolve(Buffer.concat(blocks(first, count).map(signatureOf))),
    sums: (_: Buffer, first: number, count: number) =>
      Promise.resolve(Buffer.concat(blocks(first, count).flatMap(sumOf))),
  };
}

function sumOf(block: Buffer): Buffer[] {
  if (block.length < blockSize) return [];
  const sum = Buffer.alloc(4);
  sum.writeInt32LE(rollingSumOf(block));
  return [sum, signatureOf(block)];
}
