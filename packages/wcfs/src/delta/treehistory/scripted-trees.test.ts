import { describe, expect, test } from "vitest";
import { byPlace } from "../testing/placement.ts";
import { TOPOLOGIES, TOPOLOGY_FAMILIES } from "../testing/topologies.ts";
import { entriesOf, parseTopology } from "../testing/topology.ts";
import { BEYOND, universe } from "../testing/tree-oracle.ts";
import { TreePast, TreeWalk } from "../testing/tree-walk.ts";

/** Every subset of the list; of lists longer than `limit` only subsets of its first items, and the whole. */
function subsets(keys: readonly number[], limit: number): number[][] {
  const some = keys.slice(0, limit);
  const all = Array.from({ length: 2 ** some.length }, (_, bits) => some.filter((_, i) => ((bits >> i) & 1) === 1));
  return keys.length > limit ? [...all, [...keys]] : all;
}

function pastOf(texts: readonly string[], embed: boolean): TreePast {
  const past = new TreePast(universe(12, [98, 99, 100]));
  for (const text of texts) past.commit(parseTopology(text), { likeness: byPlace, embed: () => embed });
  return past;
}

function keysOf(...texts: readonly (string | undefined)[]): number[] {
  const keys = texts.flatMap((text) => (text === undefined ? [] : entriesOf(parseTopology(text)).map(([key]) => key)));
  return [BEYOND, ...new Set(keys)];
}

describe.each([
  ["forward", TOPOLOGIES],
  ["backward", [...TOPOLOGIES].reverse()],
])("scripted trees walked %s", (_, texts) => {
  describe.each([
    ["embedded in their tree", true],
    ["objects of their own", false],
  ])("with lone buckets %s", (_, embed) => {
    const past = pastOf(texts, embed);

    test("a commit tells the changes of any tracked blocks", () => {
      for (const i of texts.keys()) {
        if (i + 1 === texts.length) break;
        for (const keys of subsets(keysOf(texts[i], texts[i + 1]), 7)) {
          const walk = new TreeWalk(past, i);
          walk.track(keys);
          walk.advance();
        }
      }
    });

    test("the past of blocks tracked late is completed, at once or bit by bit", () => {
      for (const i of texts.keys()) {
        if (i + 2 >= texts.length) break;
        for (const keys of subsets(keysOf(texts[i], texts[i + 1], texts[i + 2]), 4)) {
          const late = new TreeWalk(past, i);
          late.advanceUnchecked();
          late.advanceUnchecked();
          late.track(keys);
          late.expectHistory();

          const between = new TreeWalk(past, i);
          between.advanceUnchecked();
          between.track(keys.slice(0, 1));
          between.advance();
          for (const key of keys) {
            between.track([key]);
            between.expectHistory();
          }
        }
      }
    });
  });
});

test("the scripted trees are as many as they should be", () => {
  expect(TOPOLOGIES.length).toBeGreaterThanOrEqual(85);
  expect(Object.keys(TOPOLOGY_FAMILIES)).toHaveLength(11);
});
