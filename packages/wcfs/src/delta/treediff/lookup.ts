import type { Oid } from "@belay/zodb";
import type { BlockPlace } from "../changes.ts";
import type { Snapshot } from "../snapshot.ts";
import { pathOf, TreeState } from "./tree-state.ts";
import type { Leaf } from "./tree-state.ts";

/** The rightmost leaf of a block table. */
export interface LastPlace extends BlockPlace {
  /** The highest block number in the table; undefined: the table is empty. The file has `last + 1` blocks. */
  readonly last: number | undefined;
}

/**
 * Looks a block up in a block table. O(depth) loads; an absent table is an empty one.
 *
 * @throws BelayError `ECORRUPT`
 */
export function lookupBlock(snapshot: Snapshot, root: Oid, blk: number): BlockPlace {
  const leaf = new TreeState(snapshot, root).leafOf(blk);
  return { ...placeOf(leaf), value: leaf.bucket.values[indexOf(leaf.bucket.keys, blk)] };
}

/**
 * The last block of a block table, and the path on which the file's size depends. O(depth) loads.
 *
 * @throws BelayError `ECORRUPT`
 */
export function lookupLast(snapshot: Snapshot, root: Oid): LastPlace {
  const leaf = new TreeState(snapshot, root).leafOf(Number.MAX_SAFE_INTEGER);
  const end = leaf.bucket.keys.length - 1;
  return { ...placeOf(leaf), last: leaf.bucket.keys[end], value: leaf.bucket.values[end] };
}

function placeOf(leaf: Leaf): Pick<BlockPlace, "path" | "leafRange"> {
  return { path: pathOf(leaf.position), leafRange: leaf.position.range };
}

/** Index of the key in an ascending list; -1 when it is not there. */
function indexOf(keys: readonly number[], key: number): number {
  let lo = 0;
  let hi = keys.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((keys[mid] ?? Infinity) < key) lo = mid + 1;
    else hi = mid;
  }
  return keys[lo] === key ? lo : -1;
}
