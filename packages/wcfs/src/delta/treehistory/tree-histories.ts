import type { Invalidation, Oid, Tid } from "@belay/zodb";
import type { KeyRange } from "../changes.ts";
import { NodeSet, rootOf } from "../nodeset/node-set.ts";
import type { ObjectLog } from "../objlog/object-log.ts";
import { RevisionList } from "../objlog/revision-list.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { Snapshots } from "../snapshot.ts";
import { lookupBlock } from "../treediff/lookup.ts";
import { diffTree } from "../treediff/tree-diff.ts";
import type { TreeDelta } from "../treediff/tree-diff.ts";
import { LinkHistory } from "./link-history.ts";
import type { LinkAt, TreeRevision } from "./link-history.ts";
import { pastOf } from "./past.ts";

/** The changes of one commit in tracked block tables, by root; applied to the histories by `apply`. */
export type TreeDeltas = ReadonlyMap<Oid, TreeDelta>;

interface History {
  readonly links: LinkHistory;
  /** Ranges of the tracked leaves at head. */
  readonly covered: RangeSet;
  /** The part of `covered` whose history may lack commits ≤ queuedAt. */
  readonly queued: RangeSet;
  queuedAt: Tid;
}

/** Says that links were found for blocks when the past was completed. */
export type FoundLinks = (root: Oid, links: ReadonlyMap<number, Oid | undefined>) => void;

/** The histories of all tracked block tables, over the (tail, head] of the object log. */
export class TreeHistories {
  readonly #snapshots: Snapshots;
  readonly #log: ObjectLog;
  readonly #foundLinks: FoundLinks;
  readonly #nodes = new NodeSet();
  readonly #histories = new Map<Oid, History>();
  // What forget() has to look at.
  readonly #changedTables = new RevisionList<{ readonly rev: Tid; readonly roots: readonly Oid[] }>();

  constructor(snapshots: Snapshots, log: ObjectLog, foundLinks: FoundLinks) {
    this.#snapshots = snapshots;
    this.#log = log;
    this.#foundLinks = foundLinks;
  }

  /** The tracked nodes, at head. */
  get nodes(): Pick<NodeSet, "get" | "has" | "isLeaf" | "oids" | "size"> {
    return this.#nodes;
  }

  /** The ranges of a table's tracked leaves at head, and the part whose past is still to be completed. */
  coverage(root: Oid): { readonly covered: RangeSet; readonly queued: RangeSet } {
    const { covered, queued } = this.#history(root);
    return { covered: covered.clone(), queued: queued.clone() };
  }

  /** Takes in that a leaf was looked at, at head. No I/O. */
  track(path: readonly Oid[], leafRange: KeyRange): void {
    const [root, leaf] = [path[0], path[path.length - 1]];
    if (root === undefined || leaf === undefined) return;
    const history = this.#history(root);
    if (this.#nodes.isLeaf(leaf) && history.covered.hasRange(leafRange)) return;
    this.#nodes.add(path);
    this.#cover(history, leafRange);
  }

  /** What a commit, not in the log yet, changes. Reads both sides of it; changes nothing here. */
  diff(event: Invalidation): TreeDeltas {
    const deltas = new Map<Oid, TreeDelta>();
    const touched = this.#touched(event.oids);
    if (touched.size === 0) return deltas;
    const [from, to] = [this.#snapshots.at(this.#log.head), this.#snapshots.at(event.tid)];
    for (const [root, oids] of touched) deltas.set(root, diffTree(root, oids, this.#nodes, from, to));
    return deltas;
  }

  /** Takes in what `diff` said, after the log has the commit. */
  apply(rev: Tid, deltas: TreeDeltas): void {
    for (const [root, delta] of deltas) {
      const history = this.#history(root);
      this.#nodes.apply(delta.paths);
      for (const range of delta.closed.difference(history.covered).ranges()) this.#cover(history, range);
      if (delta.links.size === 0) continue;
      history.links.append({ rev, links: delta.links });
      this.#noteChanged(rev, root);
    }
  }

  /** The link of a block at a moment in [tail, head]. May read older states. */
  getAt(root: Oid, key: number, at: Tid): LinkAt {
    const history = this.#history(root);
    if (!history.covered.has(key)) {
      const place = lookupBlock(this.#snapshots.at(this.#log.head), root, key);
      this.track(place.path, place.leafRange);
    }
    if (history.queued.has(key)) this.#complete(root, history);
    return history.links.getAt(key, at, this.#log.tail);
  }

  /** The commits in (lo, hi] that changed tracked links of the table, oldest first. May read older states. */
  slice(root: Oid, lo: Tid, hi: Tid): readonly TreeRevision[] {
    const history = this.#history(root);
    this.#complete(root, history);
    return history.links.slice(lo, hi);
  }

  /** Takes in that the log has forgotten what is ≤ cut. */
  forget(cut: Tid): void {
    const roots = new Set(this.#changedTables.dropThrough(cut).flatMap((commit) => commit.roots));
    for (const root of roots) this.#histories.get(root)?.links.forget(cut);
  }

  /** Ends the tracking of a table. */
  drop(root: Oid): void {
    this.#histories.delete(root);
    this.#nodes.removeTree(root);
  }

  #history(root: Oid): History {
    let history = this.#histories.get(root);
    if (!history) {
      history = { links: new LinkHistory(), covered: new RangeSet(), queued: new RangeSet(), queuedAt: this.#log.head };
      this.#histories.set(root, history);
    }
    return history;
  }

  #cover(history: History, range: KeyRange): void {
    history.covered.add(range);
    history.queued.add(range);
    history.queuedAt = this.#log.head;
  }

  /** The tracked nodes among the objects, by the root of their tree. */
  #touched(oids: readonly Oid[]): Map<Oid, Oid[]> {
    const touched = new Map<Oid, Oid[]>();
    for (const oid of new Set(oids)) {
      const node = this.#nodes.get(oid);
      if (!node) continue;
      const root = rootOf(node).oid;
      const list = touched.get(root);
      if (list) list.push(oid);
      else touched.set(root, [oid]);
    }
    return touched;
  }

  // Reads first, and only then changes anything: after a failed read all is as before, and the ranges are still queued.
  #complete(root: Oid, history: History): void {
    if (history.queued.isEmpty) return;
    if (this.#log.tail < history.queuedAt) this.#readPast(root, history);
    history.queued.clear();
  }

  #readPast(root: Oid, history: History): void {
    const source = { snapshots: this.#snapshots, log: this.#log };
    const past = pastOf(source, root, history.queued.ranges(), history.covered);
    for (const path of past.leaves) this.#nodes.add(path);
    history.covered.addAll(past.ranges);
    const found = new Map<number, Oid | undefined>();
    for (const [rev, links] of past.revisions) {
      history.links.merge({ rev, links });
      this.#noteChanged(rev, root);
      for (const key of links.keys()) found.set(key, undefined);
    }
    for (const key of found.keys()) {
      found.set(key, history.links.getAt(key, this.#log.head, this.#log.tail).value);
    }
    this.#foundLinks(root, found);
  }

  #noteChanged(rev: Tid, root: Oid): void {
    const known = this.#changedTables.atMost(rev);
    const roots = known?.rev === rev ? known.roots : [];
    if (!roots.includes(root)) this.#changedTables.set({ rev, roots: [...roots, root] });
  }
}
