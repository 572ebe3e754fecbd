import { expect, test } from "vitest";

import { IdHash, viewOf } from "./id-hash.ts";

function hashOf(bytes: Buffer, start?: number, end?: number, of?: number): string {
  const hash = new IdHash();
  hash.take(viewOf(bytes), start, end, of);
  expect([hash.low, hash.high].every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32)).toBe(true);
  return `${hash.low}/${hash.high}`;
}

test("bytes have one hash wherever they lie, and another one as soon as a bit differs, or what they are of", () => {
  for (const length of [0, 1, 3, 4, 7, 20, 33]) {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 37) & 255));
    const hashes = new Set([hashOf(bytes), hashOf(bytes, 0, length, 1), hashOf(bytes, 0, length, 2 ** 31)]);
    for (let bit = 0; bit < 8 * length; bit++) {
      const other = Buffer.from(bytes);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      hashes.add(hashOf(other));
    }
    for (const more of [[0], [0, 0], [0, 0, 0, 0]]) hashes.add(hashOf(Buffer.concat([bytes, Buffer.from(more)])));
    expect(hashes.size).toBe(3 + 8 * length + 3);
    for (const at of [1, 2, 5]) {
      const larger = Buffer.concat([Buffer.alloc(at, 255), bytes, Buffer.alloc(9, 255)]);
      expect(hashOf(larger, at, at + length)).toBe(hashOf(bytes));
    }
  }
});
