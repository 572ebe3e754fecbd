import { formatOid } from "@belay/zodb";
import type { Oid } from "@belay/zodb";
import type { KeyRange } from "../changes.ts";
import { corrupt } from "../errors.ts";
import { ALL_KEYS, containsRange, inRange, isEmptyRange, sameRange } from "../ranges/key-range.ts";
import type { BucketNode, Snapshot, TreeNode } from "../snapshot.ts";

/** Where a node stands in one state of a tree. */
export interface Position {
  readonly oid: Oid;
  readonly parent: Position | undefined;
  /** The block numbers it answers for. */
  readonly range: KeyRange;
}

/** A leaf with its entries: a bucket, or a tree that is empty, absent or holds its only bucket inside itself. */
export interface Leaf {
  readonly position: Position;
  readonly bucket: BucketNode;
}

/** A tree that is to be walked further down. */
type Inner = TreeNode & { readonly children: readonly [Oid, ...Oid[]] };

const EMPTY: BucketNode = { kind: "bucket", keys: [], values: [] };

/**
 * One tree as of one snapshot, loaded as far as it is looked at, each node once.
 *
 * Its functions throw `ECORRUPT` when a child is absent, or stands at two places of the tree.
 */
export class TreeState {
  readonly root: Position;
  readonly #snapshot: Snapshot;
  readonly #positions = new Map<Oid, Position>();
  readonly #nodes = new Map<Oid, TreeNode | BucketNode | undefined>();

  constructor(snapshot: Snapshot, root: Oid) {
    this.#snapshot = snapshot;
    this.root = { oid: root, parent: undefined, range: ALL_KEYS };
    this.#positions.set(root, this.root);
  }

  /** The node as a tree with children; undefined when it is a leaf. */
  inner(position: Position): Inner | undefined {
    const node = this.#load(position);
    return node?.kind === "tree" && hasChildren(node) ? node : undefined;
  }

  /** The i-th child; undefined when no block number leads there. */
  child(parent: Position, node: TreeNode, i: number): Position | undefined {
    const oid = node.children[i];
    const range = {
      lo: Math.max(parent.range.lo, node.separators[i - 1] ?? -Infinity),
      hi: Math.min(parent.range.hi, node.separators[i] ?? Infinity),
    };
    if (oid === undefined || isEmptyRange(range)) return undefined;
    const known = this.#positions.get(oid);
    if (known) {
      if (known.parent !== parent || !sameRange(known.range, range)) throw twoPlaces(known, parent);
      return known;
    }
    const position = { oid, parent, range };
    this.#positions.set(oid, position);
    return position;
  }

  /** The leaf that answers for a key. */
  leafOf(key: number): Leaf {
    let position = this.root;
    for (;;) {
      const node = this.inner(position);
      if (!node) return this.#leaf(position);
      position = this.#childFor(position, node, key);
    }
  }

  /** The node, if it stands in this tree with exactly this range. */
  find(oid: Oid, range: KeyRange): Position | undefined {
    let position = this.root;
    while (containsRange(position.range, range)) {
      if (position.oid === oid) return sameRange(position.range, range) ? position : undefined;
      const node = this.inner(position);
      if (!node) return undefined;
      position = this.#childFor(position, node, range.lo);
    }
    return undefined;
  }

  /** The leaves that answer for some key of the range, ascending. */
  *leaves(range: KeyRange, from: Position = this.root): Generator<Leaf, void, undefined> {
    const node = this.inner(from);
    if (!node) {
      yield this.#leaf(from);
      return;
    }
    for (let i = childIndex(node, range.lo); i < node.children.length; i++) {
      if ((node.separators[i - 1] ?? -Infinity) >= range.hi) return;
      const child = this.child(from, node, i);
      if (child) yield* this.leaves(range, child);
    }
  }

  #childFor(position: Position, node: Inner, key: number): Position {
    const child = this.child(position, node, childIndex(node, key));
    if (!child) throw corrupt(`tree node ${formatOid(position.oid)} has no child for block ${key}`);
    return child;
  }

  #leaf(position: Position): Leaf {
    const node = this.#load(position);
    const bucket = node?.kind === "bucket" ? node : node?.embedded;
    return { position, bucket: bucket ? reachable(bucket, position.range) : EMPTY };
  }

  #load(position: Position): TreeNode | BucketNode | undefined {
    if (this.#nodes.has(position.oid)) return this.#nodes.get(position.oid);
    const node = this.#snapshot.node(position.oid);
    if (!node && position.parent) {
      throw corrupt(
        `tree node ${formatOid(position.parent.oid)} has a child ${formatOid(position.oid)} that does not exist`,
      );
    }
    if (node?.kind === "bucket" && !position.parent) {
      throw corrupt(`block table ${formatOid(position.oid)} is a bucket, not a tree`);
    }
    this.#nodes.set(position.oid, node);
    return node;
  }
}

/** The way from the root to a position, root first. */
export function pathOf(position: Position): Oid[] {
  const path: Oid[] = [];
  for (let p: Position | undefined = position; p; p = p.parent) path.push(p.oid);
  return path.reverse();
}

/** Whether two positions, of two states, hang at the same way from the root. */
export function samePath(a: Position, b: Position): boolean {
  let [p, q]: (Position | undefined)[] = [a, b];
  while (p && q) {
    if (p.oid !== q.oid) return false;
    [p, q] = [p.parent, q.parent];
  }
  return p === q;
}

function hasChildren(node: TreeNode): node is Inner {
  return node.children.length > 0;
}

/** The child that answers for a key: the number of separators ≤ key. */
function childIndex(node: TreeNode, key: number): number {
  let lo = 0;
  let hi = node.separators.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((node.separators[mid] ?? Infinity) <= key) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

// A look-up never comes to a key outside of its bucket's range: for the tree such an entry does not exist.
function reachable(bucket: BucketNode, range: KeyRange): BucketNode {
  const { keys, values } = bucket;
  const outer = keys.length > 0 && !(inRange(keys[0] ?? NaN, range) && inRange(keys[keys.length - 1] ?? NaN, range));
  if (!outer) return bucket;
  const inside = keys.map((key) => inRange(key, range));
  return { kind: "bucket", keys: keys.filter((_, i) => inside[i]), values: values.filter((_, i) => inside[i]) };
}

function twoPlaces(known: Position, other: Position): Error {
  const parent = known.parent ? `below ${formatOid(known.parent.oid)}` : "the root";
  return corrupt(`tree node ${formatOid(known.oid)} is ${parent} and also below ${formatOid(other.oid)}`);
}
