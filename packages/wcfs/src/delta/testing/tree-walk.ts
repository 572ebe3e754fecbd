import { expect } from "vitest";
import type { Oid, Tid } from "@belay/zodb";
import { ObjectLog } from "../objlog/object-log.ts";
import { lookupBlock } from "../treediff/lookup.ts";
import { TreeHistories } from "../treehistory/tree-histories.ts";
import type { TreeRevision } from "../treehistory/link-history.ts";
import { ObjectStore } from "./object-store.ts";
import { TreePlacer } from "./placement.ts";
import type { PlacementOptions } from "./placement.ts";
import type { TreeTopology } from "./topology.ts";
import { closure, leafFor, linkChanges, linkText, pathNodes, readTree, spread, touchedBy } from "./tree-oracle.ts";
import type { OracleStep, OracleTree, Points } from "./tree-oracle.ts";

/** The root of the tree in tests. */
export const ROOT: Oid = 0x1000n;

/** A tree's way through successive states, in a store. */
export class TreePast {
  readonly store = new ObjectStore();
  readonly placer = new TreePlacer(ROOT);
  /** By commit; the first has the tree before the first commit asked for. */
  readonly trees: OracleTree[] = [];
  readonly #all: readonly number[];

  constructor(all: readonly number[]) {
    this.#all = all;
  }

  get all(): readonly number[] {
    return this.#all;
  }

  /** Commit number i, from 0. */
  tid(i: number): Tid {
    return BigInt(i + 1) * 0x10n;
  }

  commit(tree: TreeTopology | undefined, options: PlacementOptions): void {
    const tid = this.tid(this.trees.length);
    this.store.commit(tid, this.placer.place(tree, options));
    this.trees.push(readTree(this.store.at(tid), ROOT));
  }

  /** From commit i to the next one. */
  step(i: number): OracleStep {
    const [before, after] = [this.trees[i], this.trees[i + 1]];
    if (!before || !after) throw new Error(`there is no step ${i}`);
    return { before, after, written: new Set(this.store.commits[i + 1]?.oids) };
  }
}

/** The histories of a tree, followed along its past and compared with the oracle at each step. */
export class TreeWalk {
  readonly log: ObjectLog;
  readonly trees: TreeHistories;
  /** All blocks covered at head, according to the oracle. */
  covered: Points = new Set();
  readonly #past: TreePast;
  readonly #start: number;
  // The commit head is at.
  #now: number;

  constructor(past: TreePast, start: number) {
    this.#past = past;
    this.#start = start;
    this.#now = start;
    this.log = new ObjectLog(past.tid(start));
    this.trees = new TreeHistories(past.store, this.log, () => undefined);
  }

  get tree(): OracleTree {
    const tree = this.#past.trees[this.#now];
    if (!tree) throw new Error("the walk is beyond its past");
    return tree;
  }

  track(keys: Iterable<number>): void {
    const points = new Set(keys);
    const head = this.#past.store.at(this.log.head);
    for (const key of points) {
      const { path, leafRange } = lookupBlock(head, ROOT, key);
      this.trees.track(path, leafRange);
    }
    this.covered = new Set([...this.covered, ...spread(this.tree, points, this.#past.all)]);
  }

  /** Takes in the next commit, and checks what is said about it and what is tracked then. */
  advance(): void {
    const step = this.#past.step(this.#now);
    const touched = touchedBy(step, this.covered, this.#past.all);
    const event = this.#past.store.commits[this.#now + 1];
    if (!event) throw new Error("no more commits");
    const deltas = this.trees.diff(event);
    this.log.append(event);
    this.trees.apply(event.tid, deltas);
    this.#now++;

    const links = deltas.get(ROOT)?.links ?? new Map<number, never>();
    expect(textOf({ rev: event.tid, links })).toEqual(linkChanges(step.before, step.after, touched));
    this.covered = new Set([...this.covered, ...touched]);
    this.expectTracked();
  }

  /** Takes in a commit without checking. */
  advanceUnchecked(): void {
    const event = this.#past.store.commits[this.#now + 1];
    if (!event) throw new Error("no more commits");
    const deltas = this.trees.diff(event);
    this.covered = new Set([...this.covered, ...touchedBy(this.#past.step(this.#now), this.covered, this.#past.all)]);
    this.log.append(event);
    this.trees.apply(event.tid, deltas);
    this.#now++;
  }

  /** Asks for all of the history, and checks it and what it made tracked. */
  expectHistory(): void {
    const known = this.#stepsInLog();
    const steps = known.map((i) => this.#past.step(i));
    const revisions = this.trees.slice(ROOT, this.log.tail, this.log.head);
    this.covered = closure(steps, this.covered, this.#past.all);
    const expected = steps.flatMap((step, n) => {
      const links = linkChanges(step.before, step.after, touchedBy(step, this.covered, this.#past.all));
      return links.length > 0 ? [{ rev: this.#past.tid((known[n] ?? 0) + 1), links }] : [];
    });
    expect(revisions.map((revision) => ({ rev: revision.rev, links: textOf(revision) }))).toEqual(expected);
    this.expectTracked();
    this.#expectLinks(known);
  }

  expectTracked(): void {
    const { nodes } = this.trees;
    const held = [...nodes.oids()].map((oid) => `${oid} < ${nodes.get(oid)?.parent?.oid ?? "-"}`);
    expect(held.sort()).toEqual(pathNodes(this.tree, this.covered));
    const leaves = [...nodes.oids()].filter((oid) => nodes.isLeaf(oid));
    expect(new Set(leaves)).toEqual(new Set([...this.covered].map((key) => leafFor(this.tree, key).oid)));
    const { covered } = this.trees.coverage(ROOT);
    expect(this.#past.all.filter((key) => covered.has(key))).toEqual(
      this.#past.all.filter((key) => this.covered.has(key)),
    );
  }

  #stepsInLog(): number[] {
    return Array.from({ length: this.#now - this.#start }, (_, n) => this.#start + n).filter(
      (i) => this.#past.tid(i + 1) > this.log.tail,
    );
  }

  // Every covered block at every moment: the link, if it is known, and since when.
  #expectLinks(steps: readonly number[]): void {
    const first = steps[0] ?? this.#now;
    const told: unknown[] = [];
    const expected: unknown[] = [];
    for (const key of this.covered) {
      const linkAt = (n: number): Oid | undefined => this.#past.trees[n]?.links.get(key);
      const constant = steps.every((n) => linkAt(n) === linkAt(n + 1));
      let [rev, exact] = [this.log.tail, false];
      for (let i = first; i <= this.#now; i++) {
        if (i > first && linkAt(i) !== linkAt(i - 1)) [rev, exact] = [this.#past.tid(i), true];
        const link = this.trees.getAt(ROOT, key, i === first ? this.log.tail : this.#past.tid(i));
        told.push([key, i, link.rev, link.revExact, link.valueExact, link.value]);
        expected.push([key, i, rev, exact, !constant, constant ? undefined : linkAt(i)]);
      }
    }
    expect(told).toEqual(expected);
  }
}

function textOf(revision: TreeRevision): string[] {
  return [...revision.links].sort(([a], [b]) => a - b).map(([key, { before, after }]) => linkText(key, before, after));
}
