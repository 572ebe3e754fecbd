import { describe, expect, test } from "vitest";
import { byPlace } from "./placement.ts";
import { parseTopology } from "./topology.ts";
import { adjacent, BEYOND, linkChanges, linkText, universe } from "./tree-oracle.ts";
import { TreePast } from "./tree-walk.ts";

// Transition, and the classes of blocks that have to be looked at together; `oo` is beyond all blocks.
const VECTORS: readonly (readonly [string, string, readonly string[]])[] = [
  ["T/B:", "T/B1:a", ["1 oo"]],
  ["T/B1:a", "T/B1:a,2:b", ["1 2 oo"]],
  ["T/B1:a,2:b", "T/B2:b", ["1 2 oo"]],
  ["T/B2:c", "T2/B1:a-B2:c", ["1 2 oo"]],
  ["T2/B1:a-B2:c", "T2,3/B1:a-B2:c-B3:c", ["1", "2 3 oo"]],
  ["T/B1:a,2:b", "T2/B1:a-B2:b,3:c", ["1 2 3 oo"]],
  ["T/T/B1:a,2:b", "T2/T-T/B1:a-B2:b,3:c", ["1 2 3 oo"]],
  ["T/B1:a,2:b", "T2,4/B1:a-B2:b,3:c-B4:d,5:e", ["1 2 3 4 5 oo"]],
  ["T4,8/B1:a,2:b-B5:d,6:e-B10:g,11:h", "T4,8/B2:b,3:c-B6:e,7:f-B11:h,12:i", ["1 2 3", "5 6 7", "10 11 12 oo"]],
  ["T2/B1:a-B3:c", "T2/T-T4/B1:b-B3:d-B99:h", ["1", "3 99 oo"]],
];

describe("the oracle", () => {
  test.each(VECTORS)("knows which blocks belong together in %s -> %s", (from, to, classes) => {
    const all = universe(12, [98, 99, 100]);
    const past = new TreePast(all);
    for (const text of [from, to]) past.commit(parseTopology(text), { likeness: byPlace, embed: () => false });
    const { before, after } = past.step(0);
    const shown = classes.flatMap((keys) => keys.split(" "));
    for (const keys of classes) {
      for (const key of keys.split(" ")) {
        const point = key === "oo" ? BEYOND : Number(key);
        const found = adjacent(before, after, new Set([point]), all);
        const named = shown.filter((name) => found.has(name === "oo" ? BEYOND : Number(name)));
        expect(named.join(" ")).toBe(keys);
        // The relation does not depend on the direction.
        expect(adjacent(after, before, new Set([point]), all)).toEqual(found);
      }
    }
  });

  test("tells which blocks have another link, another one, or none any more", () => {
    const all = universe(6);
    const past = new TreePast(all);
    for (const text of ["T/B1:a,3:c,4:d", "T4/B1:b-B4:d,5:e"])
      past.commit(parseTopology(text), { likeness: byPlace, embed: () => false });
    const { before, after } = past.step(0);
    const [a, b, c] = [before.links.get(1), after.links.get(1), before.links.get(3)];
    expect(after.links.get(4)).toBe(before.links.get(4));
    const expected = [linkText(1, a, b), linkText(3, c, undefined), linkText(5, undefined, after.links.get(5))];
    expect(linkChanges(before, after, new Set(all))).toEqual(expected);
    expect(expected).toEqual([`1: ${a} > ${b}`, `3: ${c} > -`, `5: - > ${after.links.get(5)}`]);
    expect(linkChanges(before, after, new Set([3, 4]))).toEqual([linkText(3, c, undefined)]);
    expect(linkChanges(after, after, new Set(all))).toEqual([]);
  });
});
