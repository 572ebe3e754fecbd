import type { Oid, Tid } from "@belay/zodb";
import type { KeyRange } from "../changes.ts";
import { NodeSet } from "../nodeset/node-set.ts";
import type { ObjectLog } from "../objlog/object-log.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Snapshots } from "../snapshot.ts";
import { diffTree } from "../treediff/tree-diff.ts";
import type { LinkChange } from "../treediff/tree-diff.ts";
import { pathOf, TreeState } from "../treediff/tree-state.ts";
import { mergeLinks } from "./link-history.ts";
import { RevisionQueue } from "./revision-queue.ts";

/** What happened to some leaves, and to all that turned out to belong to them. */
export interface Past {
  readonly revisions: ReadonlyMap<Tid, ReadonlyMap<number, LinkChange>>;
  /** Paths at head of all leaves whose past is told. */
  readonly leaves: readonly (readonly Oid[])[];
  /** Their ranges. */
  readonly ranges: RangeSet;
}

/** Where the past is read from. */
export interface PastSource {
  readonly snapshots: Snapshots;
  readonly log: ObjectLog;
}

interface Pass {
  readonly revisions: ReadonlyMap<Tid, ReadonlyMap<number, LinkChange>>;
  readonly touched: RangeSet;
}

/**
 * Finds the complete history, over (tail, head], of the leaves of a block table that cover some ranges at head.
 *
 * Leaves of older states may reach over more blocks. Of these the newer past was not looked at; they get a pass of their own.
 *
 * @param covered ranges that need no pass
 */
export function pastOf(source: PastSource, root: Oid, ranges: readonly KeyRange[], covered: RangeSet): Past {
  const revisions = new Map<Tid, ReadonlyMap<number, LinkChange>>();
  const leaves: (readonly Oid[])[] = [];
  const told = new RangeSet();
  const head = new TreeState(source.snapshots.at(source.log.head), root);
  let todo = ranges;
  while (todo.length > 0) {
    const paths = leavesOver(head, todo, told);
    leaves.push(...paths);
    const pass = goBack(source, root, paths);
    for (const [rev, links] of pass.revisions) {
      revisions.set(rev, mergeLinks(rev, revisions.get(rev) ?? new Map<number, LinkChange>(), links));
    }
    todo = pass.touched.difference(covered).difference(told).ranges();
  }
  return { revisions, leaves, ranges: told };
}

function leavesOver(head: TreeState, ranges: readonly KeyRange[], told: RangeSet): (readonly Oid[])[] {
  const paths: (readonly Oid[])[] = [];
  for (const range of ranges) {
    for (const { position } of head.leaves(range)) {
      if (told.hasRange(position.range)) continue;
      told.add(position.range);
      paths.push(pathOf(position));
    }
  }
  return paths;
}

/** Follows the leaves from head to tail, through the commits that changed a node on their paths of that moment. */
function goBack({ snapshots, log }: PastSource, root: Oid, leaves: readonly (readonly Oid[])[]): Pass {
  const nodes = new NodeSet();
  const queue = new RevisionQueue();
  const revisions = new Map<Tid, ReadonlyMap<number, LinkChange>>();
  const touched = new RangeSet();
  const enqueue = (oid: Oid, at: Tid): void => {
    const rev = log.lastChange(oid, at);
    if (rev !== undefined) queue.push(rev, oid);
  };
  for (const path of leaves) for (const oid of nodes.add(path)) enqueue(oid, log.head);

  for (let next = queue.popNewest(); next; next = queue.popNewest()) {
    const { rev } = next;
    const changed = next.oids.filter((oid) => nodes.has(oid));
    if (changed.length === 0) continue;
    // The commit before may lie anywhere: the state just before this one is the same.
    const delta = diffTree(root, changed, nodes, snapshots.at(rev), snapshots.at(rev - 1n));
    if (delta.links.size > 0) revisions.set(rev, reversed(delta.links));
    touched.addAll(delta.closed);
    const added = nodes.apply(delta.paths);
    for (const oid of new Set([...changed, ...added])) if (nodes.has(oid)) enqueue(oid, rev - 1n);
  }
  return { revisions, touched };
}

function reversed(links: ReadonlyMap<number, LinkChange>): Map<number, LinkChange> {
  const result = new Map<number, LinkChange>();
  for (const [key, { before, after }] of links) result.set(key, { before: after, after: before });
  return result;
}
