import { expect, test } from "vitest";
import { fillFrom, holeSource, wholeSource } from "./source.ts";
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
