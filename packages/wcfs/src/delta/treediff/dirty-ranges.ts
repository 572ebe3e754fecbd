import { formatOid } from "@belay/zodb";
import type { Oid } from "@belay/zodb";
import type { KeyRange } from "../changes.ts";
import { corrupt } from "../errors.ts";
import type { NodeSet } from "../nodeset/node-set.ts";
import { pathOf, samePath } from "./tree-state.ts";
import type { Position, TreeState } from "./tree-state.ts";

/** What a walk through the tracked nodes of the old state found. */
export interface DirtyRanges {
  /** Ranges of the tracked leaves that changed, or are not in the new state with this range. */
  readonly ranges: readonly KeyRange[];
  /** New paths of nodes that are in both states with the same range but hang elsewhere. */
  readonly kept: readonly (readonly Oid[])[];
}

/**
 * Finds the tracked leaves whose blocks may differ between two states.
 *
 * @param touched nodes of the set that were changed in between
 */
export function dirtyRanges(touched: readonly Oid[], tracked: NodeSet, from: TreeState, to: TreeState): DirtyRanges {
  const changed = new Set(touched);
  const below = changedBelow(touched, tracked);
  const ranges: KeyRange[] = [];
  const kept: (readonly Oid[])[] = [];

  /** @param same whether the new state has this node with this range */
  function visit(position: Position, same: boolean): void {
    const node = from.inner(position);
    if (!node) {
      ranges.push(position.range);
      return;
    }
    const unchanged = same && !changed.has(position.oid);
    const wanted = below.get(position.oid);
    let seen = 0;
    for (const [i, oid] of node.children.entries()) {
      if (unchanged ? !wanted?.has(oid) : !tracked.has(oid)) continue;
      const child = from.child(position, node, i);
      if (!child) continue;
      if (wanted?.has(oid)) seen++;
      if (unchanged) visit(child, true);
      else compareChild(child);
    }
    if (seen < (wanted?.size ?? 0)) throw corrupt(`tracked nodes are not below ${formatOid(position.oid)} any more`);
  }

  function compareChild(child: Position): void {
    const found = to.find(child.oid, child.range);
    if (found && !samePath(found, child)) kept.push(pathOf(found));
    if (!found || changed.has(child.oid) || below.has(child.oid)) visit(child, found !== undefined);
  }

  visit(from.root, true);
  return { ranges, kept };
}

/** For each node with changed nodes below it: its children that are such nodes, or changed. */
function changedBelow(touched: readonly Oid[], tracked: NodeSet): Map<Oid, Set<Oid>> {
  const below = new Map<Oid, Set<Oid>>();
  for (const oid of touched) {
    let node = tracked.get(oid);
    while (node?.parent) {
      const siblings = below.get(node.parent.oid);
      siblings?.add(node.oid);
      if (siblings) break;
      below.set(node.parent.oid, new Set([node.oid]));
      node = node.parent;
    }
  }
  return below;
}
