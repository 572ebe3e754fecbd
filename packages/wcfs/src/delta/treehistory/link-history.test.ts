import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LinkChange } from "../treediff/tree-diff.ts";
import { LinkHistory, mergeLinks } from "./link-history.ts";

const [b, c, d, e, f, g] = [0xbn, 0xcn, 0xdn, 0xen, 0xfn, 0x10n];

function links(...changes: [number, bigint | undefined, bigint | undefined][]): Map<number, LinkChange> {
  return new Map(changes.map(([key, before, after]) => [key, { before, after }]));
}

/** Commits 2 to 5, after the tree had {2:b, 3:c} at 1: 4:d appears, 3 becomes e, 4 becomes f, 3 becomes g. */
function example(): LinkHistory {
  const history = new LinkHistory();
  history.append({ rev: 2n, links: links([4, undefined, d]) });
  history.append({ rev: 3n, links: links([3, c, e]) });
  history.append({ rev: 4n, links: links([4, d, f]) });
  history.append({ rev: 5n, links: links([3, e, g]) });
  return history;
}

describe("the history of links", () => {
  test.each([
    // key, at, value, valueExact, rev, revExact
    [1, [1n, 2n, 3n, 4n, 5n], undefined, false, 1n, false],
    [2, [1n, 2n, 3n, 4n, 5n], undefined, false, 1n, false],
    [3, [1n, 2n], c, true, 1n, false],
    [3, [3n, 4n], e, true, 3n, true],
    [3, [5n], g, true, 5n, true],
    [4, [1n], undefined, true, 1n, false],
    [4, [2n, 3n], d, true, 2n, true],
    [4, [4n, 5n], f, true, 4n, true],
  ] as const)(
    "knows of block %d at %s: link %s, known %s, since %s, exactly %s",
    (key, ats, value, valueExact, rev, revExact) => {
      const history = example();
      for (const at of ats) expect(history.getAt(key, at, 1n)).toEqual({ value, valueExact, rev, revExact });
    },
  );

  test("gives the commits of a span, without its start and with its end", () => {
    const revs = (lo: bigint, hi: bigint): bigint[] =>
      example()
        .slice(lo, hi)
        .map(({ rev }) => rev);
    expect(revs(1n, 5n)).toEqual([2n, 3n, 4n, 5n]);
    expect(revs(2n, 4n)).toEqual([3n, 4n]);
    expect(revs(2n, 2n)).toEqual([]);
    expect(revs(0n, 9n)).toEqual([2n, 3n, 4n, 5n]);
  });

  test("forgets commits up to the cut, and what blocks were before", () => {
    const history = example();
    history.forget(3n);
    expect(history.slice(0n, 9n).map(({ rev }) => rev)).toEqual([4n, 5n]);
    expect(history.getAt(3, 3n, 3n)).toEqual({ value: e, valueExact: true, rev: 3n, revExact: false });
    history.forget(5n);
    expect(history.getAt(3, 5n, 5n)).toEqual({ value: undefined, valueExact: false, rev: 5n, revExact: false });
    expect(history.slice(0n, 9n)).toEqual([]);
  });

  test("leaves slices alone that it gave out, whatever comes or goes later", () => {
    const history = example();
    const slice = history.slice(1n, 4n);
    const copy = structuredClone(slice);
    history.merge({ rev: 2n, links: links([7, undefined, b]) });
    history.merge({ rev: 1n, links: links([8, undefined, b]) });
    history.append({ rev: 6n, links: links([4, f, b]) });
    history.forget(3n);
    expect(slice).toEqual(copy);
  });

  test("takes in findings about old commits, also such that had none", () => {
    const history = example();
    history.merge({ rev: 4n, links: links([4, d, f], [9, b, undefined]) });
    history.merge({ rev: 1n, links: links([9, undefined, b]) });
    expect(history.slice(0n, 4n)).toEqual([
      { rev: 1n, links: links([9, undefined, b]) },
      { rev: 2n, links: links([4, undefined, d]) },
      { rev: 3n, links: links([3, c, e]) },
      { rev: 4n, links: links([4, d, f], [9, b, undefined]) },
    ]);
    expect(history.getAt(9, 3n, 0n)).toEqual({ value: b, valueExact: true, rev: 1n, revExact: true });
    expect(history.getAt(9, 5n, 0n)).toEqual({ value: undefined, valueExact: true, rev: 4n, revExact: true });
  });

  test("refuses findings that contradict what it knows", () => {
    expect(() => example().merge({ rev: 3n, links: links([3, c, d]) })).toThrow("two findings about block 3");
    expect(() => mergeLinks(3n, links([3, c, e]), links([3, b, e]))).toThrow("two findings about block 3");
  });

  test("is the same in whatever order findings come", () => {
    const change = fc.record({ rev: fc.integer({ min: 1, max: 5 }), key: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(change), fc.array(change), (one, two) => {
        const fill = (changes: readonly { rev: number; key: number }[]): LinkHistory => {
          const history = new LinkHistory();
          for (const { rev, key } of changes) {
            // What happened to a block is a function of the commit, as in a database.
            history.merge({ rev: BigInt(rev), links: links([key, BigInt(rev * 10), BigInt(rev * 10 + 10)]) });
          }
          return history;
        };
        const [forward, backward] = [fill([...one, ...two]), fill([...two, ...one].reverse())];
        expect(forward.slice(0n, 9n)).toEqual(backward.slice(0n, 9n));
        for (const key of [0, 1, 2, 3]) {
          for (const at of [1n, 3n, 5n]) expect(forward.getAt(key, at, 0n)).toEqual(backward.getAt(key, at, 0n));
        }
      }),
    );
  });
});
