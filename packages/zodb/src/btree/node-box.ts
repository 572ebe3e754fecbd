import { ZodbError } from "../errors/zodb-error.ts";
import type { Oid } from "../ids/oid.ts";
import { PersistentRef } from "../pickle/values.ts";
import type { PickleValue } from "../pickle/values.ts";
import type { BTreeNode } from "./node.ts";

/** A tree node that can be changed. */
export interface LiveTree<K> {
  readonly kind: "tree";
  children: NodeBox<K>[];
  separators: K[];
  first: NodeBox<K> | undefined;
}

/** A bucket that can be changed. */
export interface LiveBucket<K> {
  readonly kind: "bucket";
  keys: K[];
  values: PickleValue[];
  next: NodeBox<K> | undefined;
}

/** A node that can be changed. */
export type LiveNode<K> = LiveTree<K> | LiveBucket<K>;

/**
 * The child at an index, counted from the end where it is negative.
 *
 * @throws ZodbError `EDAMAGED` where there is none
 */
export function childAt<K>(tree: { readonly children: readonly NodeBox<K>[] }, i: number): NodeBox<K> {
  const child = tree.children.at(i);
  if (child === undefined) throw new ZodbError("EDAMAGED", "BTree: child without anything in it");
  return child;
}

/** No tree is nearly as deep, not even one of single-child nodes: deeper means that a node is its own descendant. */
const MAX_DEPTH = 500;

/** One level further down. @throws ZodbError `EDAMAGED` in a tree without end */
export function deeper(depth: number): number {
  if (depth >= MAX_DEPTH) throw new ZodbError("EDAMAGED", "BTree: a node is its own descendant");
  return depth + 1;
}

/** Where the nodes of a tree live, and who wants to know what happens to them. */
export interface TreeSpace<K> {
  /** The box of a stored node, always the same one for an oid. */
  box(ref: PersistentRef): NodeBox<K>;
  /** The stored content of a box. */
  load(oid: Oid): BTreeNode<K>;
  /** The node differs from what is stored. */
  changed(box: NodeBox<K>): void;
  /** A change relies on the node being as it was read. */
  relied(box: NodeBox<K>): void;
}

/** A node with its identity, whether its content has been loaded or not. */
export class NodeBox<K> {
  /** undefined until it is stored for the first time. A bucket without an oid is kept inside its tree, if it is the only one. */
  oid: Oid | undefined;
  /** Whether a tree starts here. Only a root keeps its single bucket inside: below one, the neighbours link to the bucket. */
  isRoot = false;
  private readonly space: TreeSpace<K>;
  private content: LiveNode<K> | undefined;

  constructor(space: TreeSpace<K>, origin: Oid | LiveNode<K>) {
    this.space = space;
    this.oid = typeof origin === "bigint" ? origin : undefined;
    this.content = typeof origin === "bigint" ? undefined : origin;
  }

  /** The content, loaded if need be. */
  get node(): LiveNode<K> {
    return (this.content ??= this.load());
  }

  /** @throws ZodbError `EDAMAGED` where a bucket is found instead */
  get tree(): LiveTree<K> {
    const { node } = this;
    if (node.kind !== "tree") throw new ZodbError("EDAMAGED", "BTree: bucket where a tree belongs");
    return node;
  }

  /** @throws ZodbError `EDAMAGED` where a tree is found instead */
  get bucket(): LiveBucket<K> {
    const { node } = this;
    if (node.kind !== "bucket") throw new ZodbError("EDAMAGED", "BTree: tree where a bucket belongs");
    return node;
  }

  /** Forgets the content: the next use loads it again. */
  forget(): void {
    if (this.oid !== undefined) this.content = undefined;
  }

  private load(): LiveNode<K> {
    if (this.oid === undefined) throw new ZodbError("ESTATE", "BTree node that was never stored has been forgotten");
    return live(this.space, this.space.load(this.oid));
  }
}

function live<K>(space: TreeSpace<K>, node: BTreeNode<K>): LiveNode<K> {
  if (node.kind === "bucket") {
    return { kind: "bucket", keys: [...node.keys], values: [...node.values], next: node.next && space.box(node.next) };
  }
  const children = node.children.map((child) =>
    child instanceof PersistentRef ? space.box(child) : new NodeBox(space, live(space, child)),
  );
  const first = node.first === undefined ? children[0] : space.box(node.first);
  return { kind: "tree", children, separators: [...node.separators], first };
}

/**
 * The content of a box as it is to be stored.
 *
 * @param refer  a reference to a child; it gives the child an oid if it has none
 */
export function stored<K>(
  box: NodeBox<K>,
  refer: (box: NodeBox<K>, cls: "tree" | "bucket") => PersistentRef,
): BTreeNode<K> {
  const { node } = box;
  if (node.kind === "bucket") return { ...node, next: node.next && refer(node.next, "bucket") };
  const [only] = node.children;
  if (only === undefined) return { kind: "tree", children: [], separators: [], first: undefined };
  if (box.isRoot && node.children.length === 1 && only.oid === undefined && only.node.kind === "bucket") {
    return { kind: "tree", children: [{ ...only.node, next: undefined }], separators: [], first: undefined };
  }
  const children = node.children.map((child) => refer(child, child.node.kind));
  return { kind: "tree", children, separators: node.separators, first: node.first && refer(node.first, "bucket") };
}
