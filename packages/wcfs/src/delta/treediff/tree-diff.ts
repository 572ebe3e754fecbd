import type { Oid } from "@belay/zodb";
import type { NodeSet, PathChanges } from "../nodeset/node-set.ts";
import type { RangeSet } from "../ranges/range-set.ts";
import type { Snapshot } from "../snapshot.ts";
import { closeOverLeaves } from "./closed-leaves.ts";
import { dirtyRanges } from "./dirty-ranges.ts";
import { pathOf, TreeState } from "./tree-state.ts";
import type { Leaf } from "./tree-state.ts";

/** How the link of one block changed; undefined: a hole. Before and after differ. */
export interface LinkChange {
  readonly before: Oid | undefined;
  readonly after: Oid | undefined;
}

/** What differs between two states of a tree, as far as tracked leaves are concerned. */
export interface TreeDelta {
  readonly links: ReadonlyMap<number, LinkChange>;
  readonly paths: PathChanges;
  /** The range in which both states were compared completely: whole leaves of both. */
  readonly closed: RangeSet;
}

/**
 * Compares two states of a block table on the leaves that are tracked in the first one. Loads only what changed and what lies between.
 *
 * @param touched nodes of the set, in this tree, that were changed between the two
 * @param tracked paths as they are in `from`
 * @throws BelayError `ECORRUPT`
 */
export function diffTree(
  root: Oid,
  touched: readonly Oid[],
  tracked: NodeSet,
  from: Snapshot,
  to: Snapshot,
): TreeDelta {
  const [before, after] = [new TreeState(from, root), new TreeState(to, root)];
  const dirty = dirtyRanges(touched, tracked, before, after);
  const leaves = closeOverLeaves(dirty.ranges, before, after);
  return {
    links: diffEntries(leaves.from, leaves.to),
    paths: {
      gone: leaves.from.map((leaf) => leaf.position.oid),
      kept: dirty.kept,
      came: leaves.to.map((leaf) => pathOf(leaf.position)),
    },
    closed: leaves.closed,
  };
}

function diffEntries(from: readonly Leaf[], to: readonly Leaf[]): Map<number, LinkChange> {
  const links = new Map<number, LinkChange>();
  for (const { bucket } of from) {
    bucket.keys.forEach((key, i) => links.set(key, { before: bucket.values[i], after: undefined }));
  }
  for (const { bucket } of to) {
    bucket.keys.forEach((key, i) => {
      const [before, after] = [links.get(key)?.before, bucket.values[i]];
      if (before === after) links.delete(key);
      else links.set(key, { before, after });
    });
  }
  return links;
}
