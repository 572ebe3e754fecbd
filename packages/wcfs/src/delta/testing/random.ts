import type { TreeTopology, Topology } from "./topology.ts";

/** Numbers that look random and are the same for the same seed. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** In [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Each item with the given probability. */
  some<T>(items: Iterable<T>, probability: number): T[] {
    return [...items].filter(() => this.chance(probability));
  }
}

/** The seed of a test run: `BELAY_TEST_SEED` to repeat one. */
export function testSeed(): number {
  const given = process.env["BELAY_TEST_SEED"];
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}

/** The names of the objects that random trees link to: few, so that links repeat. */
export const ZBLK_NAMES = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

export interface TreeLimits {
  /** Levels of tree nodes above the buckets. */
  readonly depth: number;
  /** Separators in a node. */
  readonly split: number;
}

/** A tree of some blocks with random links: leaves at different depths, chains of single children, no empty buckets but the empty tree's. */
export function randomTree(random: Random, keys: readonly number[], limits: TreeLimits): TreeTopology {
  const entries = keys.map((key) => [key, ZBLK_NAMES[random.below(ZBLK_NAMES.length)] ?? "a"] as const);
  return randomNode(random, entries, limits);
}

function randomNode(random: Random, entries: readonly (readonly [number, string])[], limits: TreeLimits): TreeTopology {
  const pieces = split(random, entries, random.below(limits.split + 1));
  const separators = pieces.slice(1).map((piece, i) => {
    const [before, after] = [pieces[i]?.at(-1)?.[0] ?? 0, piece[0]?.[0] ?? 0];
    return before + 1 + random.below(after - before);
  });
  const children = pieces.map((piece): Topology => {
    const deeper = limits.depth > 1 && piece.length > 0 && random.chance(0.55);
    return deeper
      ? randomNode(random, piece, { ...limits, depth: limits.depth - 1 })
      : { kind: "bucket", entries: piece };
  });
  return { kind: "tree", separators, children };
}

/** Cuts a list into non-empty pieces, at up to `cuts` places; an empty one stays. */
function split<T>(random: Random, list: readonly T[], cuts: number): (readonly T[])[] {
  const ends = new Set(Array.from({ length: cuts }, () => 1 + random.below(Math.max(1, list.length - 1))));
  const cutAt = [...ends].filter((end) => end < list.length).sort((a, b) => a - b);
  return [0, ...cutAt].map((start, i) => list.slice(start, cutAt[i] ?? list.length));
}
