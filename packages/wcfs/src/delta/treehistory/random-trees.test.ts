import { describe, expect, test } from "vitest";
import { allNew, byPlace } from "../testing/placement.ts";
import type { Likeness, PlacementOptions } from "../testing/placement.ts";
import { Random, randomTree, testSeed } from "../testing/random.ts";
import type { TreeTopology } from "../testing/topology.ts";
import { BEYOND, universe } from "../testing/tree-oracle.ts";
import { TreePast, TreeWalk } from "../testing/tree-walk.ts";

const MAX_KEY = 12;
const ALL = universe(MAX_KEY);
// Pairs of successive trees, at least; more with BELAY_TREE_PAIRS.
const PAIRS = Number(process.env["BELAY_TREE_PAIRS"] ?? 2500);

describe("histories of random trees", () => {
  const seed = testSeed();

  test(`agree with the naive comparison over ${PAIRS} steps (BELAY_TEST_SEED=${seed})`, { timeout: 600_000 }, () => {
    let steps = 0;
    for (let round = 0; steps < PAIRS; round++) {
      const roundSeed = (seed + round) % 2 ** 32;
      try {
        steps += walkRandomly(new Random(roundSeed));
      } catch (error) {
        throw new Error(`BELAY_TEST_SEED=${roundSeed} fails in its first round`, { cause: error });
      }
    }
    expect(steps).toBeGreaterThanOrEqual(PAIRS);
  });
});

/** Follows one random past with random tracking, queries and forgetting; returns the number of steps. */
function walkRandomly(random: Random): number {
  const past = new TreePast(ALL);
  const length = 3 + random.below(5);
  const limits = { depth: 1 + random.below(4), split: 1 + random.below(3) };
  const calm = random.chance(0.3);
  let keys = randomKeys(random);
  for (let i = 0; i < length; i++) {
    if (!calm || i === 0) keys = randomKeys(random);
    const tree: TreeTopology | undefined = random.chance(0.06) ? undefined : randomTree(random, keys, limits);
    past.commit(tree, randomPlacement(random));
  }

  const walk = new TreeWalk(past, 0);
  for (let i = 0; ; i++) {
    if (random.chance(0.6)) walk.track(random.some([...Array(MAX_KEY).keys(), BEYOND], random.next() / 2));
    if (random.chance(0.3)) walk.expectHistory();
    if (i === length - 1) break;
    walk.advance();
    if (random.chance(0.15)) forget(walk, past.tid(random.below(i + 2)));
  }
  walk.expectHistory();
  return length - 1;
}

function forget(walk: TreeWalk, cut: bigint): void {
  walk.log.forget(cut);
  walk.trees.forget(cut);
}

function randomKeys(random: Random): number[] {
  if (random.chance(0.08)) return [];
  return random.some(Array(MAX_KEY).keys(), 0.2 + 0.7 * random.next());
}

function randomPlacement(random: Random): PlacementOptions {
  const kinds: Likeness[] = [
    byPlace,
    byPlace,
    (slot, old) => (slot.kind === old.kind ? random.next() : Infinity),
    allNew,
  ];
  const likeness = kinds[random.below(kinds.length)] ?? byPlace;
  const embedding = random.next();
  return { likeness, embed: (isRoot) => (isRoot ? random.chance(embedding) : random.chance(0.2)) };
}
