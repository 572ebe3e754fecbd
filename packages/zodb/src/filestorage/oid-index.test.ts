import fc from "fast-check";
import { expect, test } from "vitest";
import { OidIndex } from "./oid-index.ts";

test("an index is a map from oid to offset, in the order of the oids", () => {
  const oids = fc.oneof(
    fc.bigInt(0n, 200n),
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.bigInt(2n ** 32n - 40n, 2n ** 32n + 40n),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(oids, fc.integer({ min: 4, max: 2 ** 48 })), { maxLength: 3000, size: "max" }),
      (entries) => {
        const index = new OidIndex();
        const expected = new Map<bigint, number>();
        for (const [oid, offset] of entries) {
          index.set(oid, offset);
          expected.set(oid, offset);
        }
        const sorted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
        expect([...index.entries()]).toEqual(sorted);
        expect(index.size).toBe(expected.size);
        expect(index.maxOid()).toBe(sorted.at(-1)?.[0] ?? 0n);
        for (const [oid, offset] of expected) expect(index.get(oid)).toBe(offset);
        expect(index.get(12345678901234n)).toBe(expected.get(12345678901234n) ?? 0);
        for (const [oid, offset] of index.sample(10)) expect(expected.get(oid)).toBe(offset);
      },
    ),
    { numRuns: 60 },
  );
});

test("objects take a dozen bytes when numbered densely, and no more than 100 when not", () => {
  const count = 300_000;
  const dense = new OidIndex();
  const sparse = new OidIndex();
  for (let i = 0; i < count; i++) {
    dense.setParts(0, i, i + 4);
    sparse.setParts(Math.imul(i, 0x9e3779b1) >>> 0, Math.imul(i, 0x85ebca6b) >>> 0, i + 4);
  }
  expect(sparse.size).toBe(count);
  expect(dense.byteLength() / count).toBeLessThan(14);
  expect(sparse.byteLength() / count).toBeLessThan(100);
});
