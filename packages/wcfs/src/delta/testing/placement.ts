import type { Oid } from "@belay/zodb";
import type { BucketNode, TreeNode } from "../snapshot.ts";
import type { Topology, TreeTopology } from "./topology.ts";

/** A node of a tree in the store. */
interface Placed {
  readonly oid: Oid;
  readonly kind: Topology["kind"];
  readonly level: number;
  readonly lo: number;
  readonly hi: number;
}

interface Slot extends Omit<Placed, "oid"> {
  readonly node: Topology;
}

/** Which object a node of the new tree becomes, of those that were nodes before; cheapest pairs are made first. */
export type Likeness = (slot: Omit<Placed, "oid">, old: Placed) => number;

export interface PlacementOptions {
  /** Whether a tree with a single bucket keeps it inside its own record. */
  readonly embed: (isRoot: boolean) => boolean;
  /** Infinity: never the same. */
  readonly likeness: Likeness;
}

// The ends of a range count as far away, yet comparable.
const FAR = 1e4;

/** Nodes of the same level that stand nearly at the same place are the same object. */
export const byPlace: Likeness = (slot, old) => {
  const end = (value: number): number => Math.max(-FAR, Math.min(FAR, value));
  const sameKind = slot.kind === old.kind && slot.level === old.level;
  return sameKind ? (end(slot.lo) - end(old.lo)) ** 2 + (end(slot.hi) - end(old.hi)) ** 2 : Infinity;
};

/** Only the root stays the same object. */
export const allNew: Likeness = () => Infinity;

/**
 * Gives the nodes of successive states of a tree their object ids, so that objects stay, move, change their parents or
 * their range, and vanish and come back, as they do when a real tree is rebalanced.
 */
export class TreePlacer {
  readonly root: Oid;
  #nextOid: Oid;
  // Nodes of former states, newest state last; an object of a state long gone may return.
  #old: Placed[] = [];

  constructor(root: Oid) {
    this.root = root;
    this.#nextOid = root + 1n;
  }

  /** The states to be written; undefined for the root when there is no tree. */
  place(tree: TreeTopology | undefined, options: PlacementOptions): Map<Oid, TreeNode | BucketNode | undefined> {
    if (!tree) return new Map([[this.root, undefined]]);
    const slots = slotsOf(tree, 0, -Infinity, Infinity, options.embed);
    const oids = this.#assign(slots, options.likeness);
    const placed = slots.map((slot) => ({ ...slot, oid: oids.get(slot.node) ?? this.root }));
    const used = new Set(placed.map(({ oid }) => oid));
    this.#old = [...this.#old.filter(({ oid }) => !used.has(oid)), ...placed];
    return new Map(placed.map(({ oid, node }) => [oid, stateOf(node, oids)]));
  }

  #assign(slots: readonly Slot[], likeness: Likeness): Map<Topology, Oid> {
    const [root, ...others] = slots;
    const oids = new Map<Topology, Oid>(root ? [[root.node, this.root]] : []);
    const pairs = others
      .flatMap((slot) => this.#old.map((old) => ({ slot, old, cost: likeness(slot, old) })))
      .filter(({ slot, old, cost }) => cost < Infinity && old.kind === slot.kind && old.oid !== this.root)
      .sort((a, b) => a.cost - b.cost);
    const used = new Set<Oid>();
    for (const { slot, old } of pairs) {
      if (oids.has(slot.node) || used.has(old.oid)) continue;
      oids.set(slot.node, old.oid);
      used.add(old.oid);
    }
    for (const { node } of others) if (!oids.has(node)) oids.set(node, this.#nextOid++);
    return oids;
  }
}

/** The object a block is linked to, by its name in the text of a tree. */
export function zblkOid(name: string): Oid {
  return 0x100000n + BigInt(`0x${Buffer.from(name).toString("hex")}`);
}

function slotsOf(node: Topology, level: number, lo: number, hi: number, embed: PlacementOptions["embed"]): Slot[] {
  const slot = { node, kind: node.kind, level, lo, hi };
  if (node.kind === "bucket" || isEmptyTree(node)) return [slot];
  const [only, ...more] = node.children;
  if (only?.kind === "bucket" && more.length === 0 && embed(level === 0)) {
    return [slot];
  }
  const children = node.children.flatMap((child, i) => {
    const from = Math.max(lo, node.separators[i - 1] ?? -Infinity);
    return slotsOf(child, level + 1, from, Math.min(hi, node.separators[i] ?? Infinity), embed);
  });
  return [slot, ...children];
}

function isEmptyTree(node: TreeTopology): boolean {
  const [only, ...more] = node.children;
  return more.length === 0 && only?.kind === "bucket" && only.entries.length === 0;
}

function stateOf(node: Topology, oids: ReadonlyMap<Topology, Oid>): TreeNode | BucketNode {
  if (node.kind === "bucket") {
    return {
      kind: "bucket",
      keys: node.entries.map(([key]) => key),
      values: node.entries.map(([, name]) => zblkOid(name)),
    };
  }
  const children = node.children.flatMap((child) => oids.get(child) ?? []);
  if (children.length > 0) return { kind: "tree", children, separators: node.separators };
  const bucket = node.children.map((child) => stateOf(child, oids)).find((state) => state.kind === "bucket");
  return { kind: "tree", children: [], separators: [], embedded: isEmptyTree(node) ? undefined : bucket };
}
