import type { PickleValue } from "../pickle/values.ts";
import type { Flavour } from "./flavour.ts";
import { childIndex, searchKeys } from "./keys.ts";
import { childAt, deeper, NodeBox } from "./node-box.ts";
import type { LiveBucket, LiveNode, LiveTree, TreeSpace } from "./node-box.ts";

/** A tree's space and kind: what every step down the tree needs. */
export interface TreeContext<K> {
  readonly space: TreeSpace<K>;
  readonly flavour: Flavour<K>;
}

/**
 * Sets a key below a tree node.
 *
 * Nodes split exactly as in the C implementation of BTrees, so that a tree written from here has the shape Python would have
 * given it.
 *
 * @returns whether the key is new
 */
export function insert<K>(context: TreeContext<K>, box: NodeBox<K>, key: K, value: PickleValue, depth = 0): boolean {
  const { space, flavour } = context;
  const { tree } = box;
  space.relied(box);
  if (tree.children.length === 0) addFirstBucket(space, box, tree);
  const i = childIndex(flavour.keys, tree.separators, key);
  const child = childAt(tree, i);
  const added =
    child.node.kind === "tree"
      ? insert(context, child, key, value, deeper(depth))
      : insertIntoBucket(context, box, child, key, value);
  if (added && sizeOf(child.node) > limitOf(child.node, flavour)) grow(context, box, i);
  return added;
}

function addFirstBucket<K>(space: TreeSpace<K>, box: NodeBox<K>, tree: LiveTree<K>): void {
  const bucket = new NodeBox<K>(space, { kind: "bucket", keys: [], values: [], next: undefined });
  tree.children = [bucket];
  tree.first = bucket;
  space.changed(box);
}

function insertIntoBucket<K>(
  context: TreeContext<K>,
  parent: NodeBox<K>,
  box: NodeBox<K>,
  key: K,
  value: PickleValue,
): boolean {
  const { bucket } = box;
  const { keys, set } = context.flavour;
  const found = searchKeys(keys, bucket.keys, key);
  if (found >= 0) {
    if (set || Object.is(bucket.values[found], value)) return false;
    bucket.values[found] = value;
  } else {
    bucket.keys.splice(~found, 0, key);
    if (!set) bucket.values.splice(~found, 0, value);
  }
  bucketChanged(context.space, parent, box);
  return found < 0;
}

/** A bucket without an oid is stored with its parent, or gets its oid from there. */
export function bucketChanged<K>(space: TreeSpace<K>, parent: NodeBox<K>, box: NodeBox<K>): void {
  space.changed(box.oid === undefined ? parent : box);
}

/** Keys of a bucket, children of a tree. */
export function sizeOf<K>(node: LiveNode<K>): number {
  return node.kind === "tree" ? node.children.length : node.keys.length;
}

function limitOf<K>(node: LiveNode<K>, flavour: Flavour<K>): number {
  return node.kind === "tree" ? flavour.maxInternal : flavour.maxLeaf;
}

function grow<K>(context: TreeContext<K>, box: NodeBox<K>, i: number): void {
  const { space, flavour } = context;
  const { tree } = box;
  const child = childAt(tree, i);
  const { separator, right } = split(space, child);
  tree.children.splice(i + 1, 0, right);
  tree.separators.splice(i, 0, separator);
  space.changed(box);
  // Any other node has been split by its parent long before: this is the root. It keeps its oid and its place.
  if (tree.children.length >= 2 * flavour.maxInternal) deepen(context, box, tree);
}

function deepen<K>(context: TreeContext<K>, box: NodeBox<K>, tree: LiveTree<K>): void {
  const below = new NodeBox<K>(context.space, { ...tree });
  tree.children = [below];
  tree.separators = [];
  grow(context, box, 0);
}

interface Split<K> {
  readonly separator: K;
  readonly right: NodeBox<K>;
}

function split<K>(space: TreeSpace<K>, box: NodeBox<K>): Split<K> {
  const { node } = box;
  const half = node.kind === "tree" ? splitTree(space, node) : splitBucket(space, node);
  if (box.oid !== undefined) space.changed(box);
  return half;
}

function splitBucket<K>(space: TreeSpace<K>, bucket: LiveBucket<K>): Split<K> {
  const middle = bucket.keys.length >> 1;
  const keys = bucket.keys.splice(middle);
  const right = new NodeBox<K>(space, {
    kind: "bucket",
    keys,
    values: bucket.values.splice(middle),
    next: bucket.next,
  });
  bucket.next = right;
  return { separator: keys[0] as K, right };
}

function splitTree<K>(space: TreeSpace<K>, tree: LiveTree<K>): Split<K> {
  const middle = tree.children.length >> 1;
  const children = tree.children.splice(middle);
  const separators = tree.separators.splice(middle);
  const separator = tree.separators.pop() as K;
  const right = new NodeBox<K>(space, {
    kind: "tree",
    children,
    separators,
    first: leftmost(childAt({ children }, 0)),
  });
  return { separator, right };
}

/** The leftmost bucket at or below a node. */
export function leftmost<K>(box: NodeBox<K>): NodeBox<K> | undefined {
  return box.node.kind === "tree" ? box.node.first : box;
}
