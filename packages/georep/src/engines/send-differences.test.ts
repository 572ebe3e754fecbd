import { randomFillSync } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { blockSize, signatureOf } from "../secondary/signatures.ts";
import { sendDifferences } from "./send-differences.ts";

const id = Buffer.from("id");
const old = randomFillSync(Buffer.alloc(600 * blockSize + 77));

const edited = (...offsets: number[]): Buffer => {
  const bytes = Buffer.from(old);
  for (const offset of offsets) bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  return bytes;
};

test.for<[string, Buffer, number]>([
  ["nothing", Buffer.from(old), 0],
  ["a byte", edited(300 * blockSize), blockSize],
  ["both ends of neighbours, and the last byte", edited(blockSize - 1, blockSize, old.length - 1), 2 * blockSize + 77],
  ["blocks on both sides of a group", edited(255 * blockSize, 256 * blockSize), 2 * blockSize],
  ["an end that was cut off within a block", old.subarray(0, 100 * blockSize + 5), 5],
  ["what was added", Buffer.concat([old, Buffer.alloc(3 * blockSize, 1)]), blockSize],
  ["everything that has moved", Buffer.concat([Buffer.of(1), old]), 600 * blockSize + 78],
  ["all of it", Buffer.alloc(0), 0],
])("differences are told once, in order, at most a megabyte at once: %s", async ([, content, sent]) => {
  const directory = mkdtempSync(join(tmpdir(), "belay-differences-"));
  writeFileSync(join(directory, "file"), content);
  const fd = openSync(join(directory, "file"), "r");
  try {
    const copy = Buffer.concat([old, Buffer.alloc(4 * blockSize)]);
    let [bytes, last] = [0, 0];
    const rest = await sendDifferences(
      secondary,
      { id, fd, size: content.length, base: old.length },
      (offset, piece) => {
        expect(offset).toBeGreaterThanOrEqual(last);
        expect(piece.length).toBeLessThanOrEqual(16 * blockSize);
        piece.copy(copy, offset);
        bytes += piece.length;
        last = offset + piece.length;
        return Promise.resolve();
      },
    );
    content.copy(copy, rest, rest);
    expect(copy.subarray(0, content.length).equals(content)).toBe(true);
    expect(bytes).toBe(sent);
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
});

const secondary = {
  signatures: (_: Buffer, first: number, count: number): Promise<Buffer> => {
    const blocks = Array.from({ length: count }, (__, i) =>
      old.subarray((first + i) * blockSize).subarray(0, blockSize),
    );
    return Promise.resolve(Buffer.concat(blocks.filter((block) => block.length > 0).map(signatureOf)));
  },
};
