import type { KeyRange } from "../changes.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Leaf, TreeState } from "./tree-state.ts";

/** A range that is a union of whole leaves in two states of a tree. */
export interface ClosedLeaves {
  readonly closed: RangeSet;
  /** The leaves of each state in it, in no particular order. */
  readonly from: readonly Leaf[];
  readonly to: readonly Leaf[];
}

interface Side {
  readonly state: TreeState;
  /** By lower end: the leaves of one state are disjoint. */
  readonly seen: Map<number, Leaf>;
}

/**
 * Widens ranges until they are whole leaves in both states.
 *
 * A leaf of one state may reach over several of the other, which again reach further: entries moved between buckets ripple over neighbours.
 */
export function closeOverLeaves(ranges: readonly KeyRange[], from: TreeState, to: TreeState): ClosedLeaves {
  const closed = new RangeSet();
  const a: Side = { state: from, seen: new Map() };
  const b: Side = { state: to, seen: new Map() };
  const todo: { side: Side; range: KeyRange }[] = ranges.flatMap((range) => [
    { side: a, range },
    { side: b, range },
  ]);
  for (let next = todo.pop(); next; next = todo.pop()) {
    for (const leaf of next.side.state.leaves(next.range)) {
      const { range } = leaf.position;
      if (next.side.seen.has(range.lo)) continue;
      next.side.seen.set(range.lo, leaf);
      closed.add(range);
      todo.push({ side: next.side === a ? b : a, range });
    }
  }
  return { closed, from: [...a.seen.values()], to: [...b.seen.values()] };
}
