import { expect, test } from "vitest";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillFrom } from "./fill.ts";
import { holeSource, wholeSource } from "./source.ts";
import type { PlacedPiece } from "./piece.ts";

function piece(at: number, text: string): PlacedPiece {
  return { at, piece: { bytes: Buffer.from(text), length: text.length } };
}

function filled(fill: (target: Uint8Array) => void, length: number): string {
  const target = Buffer.alloc(length, "#");
  fill(target);
  return target.toString().replaceAll("\0", ".");
}

const pieces = [piece(2, "abc"), piece(5, "de"), piece(9, "f")];

test.each([
  [0, 12, "..abcde..f.."],
  [3, 3, "bcd"],
  [4, 1, "c"],
  [7, 2, ".."],
  [8, 4, ".f.."],
  [10, 3, "..."],
])("bytes from %d on for %d are the pieces and zeros between them", (from, length, text) => {
  expect(filled((target) => fillFrom(pieces, target, from), length)).toBe(text);
});

test("a hole reads as zeros", () => {
  expect(filled((target) => holeSource(1n).fill(target, 5), 3)).toBe("...");
});

test("a short block is continued with zeros", () => {
  const source = wholeSource(1n, { bytes: Buffer.from("abc"), length: 3 });
  expect(filled((target) => source.fill(target, 1), 4)).toBe("bc..");
});

test("pieces close behind each other in a file, far apart, and in another order are all put in their places", () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, i) => 1 + (i % 251)));
  writeFileSync(join(directory, "file"), bytes);
  const fd = openSync(join(directory, "file"), "r");
  try {
    // [place in the block, offset in the file, length]
    const places = [
      [0, 100, 50],
      [60, 160, 50],
      [110, 2000, 50],
      [160, 2060, 50],
      [215, 500, 50],
      [270, 15_000, 50],
      // The same bytes at two places: one chunk may be in a table twice.
      [330, 4000, 50],
      [380, 4000, 50],
    ] as const;
    const all = places.map(([at, offset, length]) => ({ at, piece: { fd, offset, length } }));
    const expected = Buffer.alloc(500);
    for (const [at, offset, length] of places) bytes.copy(expected, at, offset, offset + length);
    for (const [from, length] of [
      [0, 400],
      [0, 500],
      [10, 200],
      [55, 3],
      [49, 12],
      [120, 100],
      [240, 40],
      [330, 70],
      [330, 60],
      [375, 30],
    ] as const) {
      const target = Buffer.alloc(length, "#");
      fillFrom(all, target, from);
      expect(target).toEqual(expected.subarray(from, from + length));
    }
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
});
