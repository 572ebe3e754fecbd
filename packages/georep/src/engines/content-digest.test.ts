import { expect, test } from "vitest";

import { ContentDigest, digestSize } from "./content-digest.ts";

const digestOf = (...pieces: [number, string][]): string => {
  const digest = new ContentDigest();
  for (const [offset, bytes] of pieces) digest.update(offset, Buffer.from(bytes));
  return digest.digest().toString("hex");
};

test("the digest tells of every bit, of where a piece belongs, of missing pieces and of their order", () => {
  const pieces: [number, string][] = [
    [0, "first"],
    [1 << 20, "second"],
  ];
  const digest = digestOf(...pieces);
  expect(digest).toHaveLength(2 * digestSize);
  expect(digestOf(...pieces)).toBe(digest);
  const others = [
    digestOf([0, "firsu"], [1 << 20, "second"]),
    digestOf([0, "first"], [1 << 21, "second"]),
    digestOf([0, "first"]),
    digestOf([1 << 20, "second"], [0, "first"]),
    digestOf([0, "first\0"], [1 << 20, "second"]),
    digestOf(),
  ];
  expect(new Set([digest, ...others]).size).toBe(others.length + 1);
});
