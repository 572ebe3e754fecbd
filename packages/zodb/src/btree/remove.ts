import { bucketChanged, sizeOf } from "./insert.ts";
import type { TreeContext } from "./insert.ts";
import { childIndex, searchKeys } from "./keys.ts";
import { childAt, deeper } from "./node-box.ts";
import type { LiveTree, NodeBox, TreeSpace } from "./node-box.ts";

/** What removing a key below a node did. */
interface Removal {
  readonly found: boolean;
  /** The leftmost bucket is gone: the bucket to the left of it still has to be linked past it. */
  readonly lostFirst: boolean;
}

const NOT_FOUND: Removal = { found: false, lostFirst: false };

/**
 * Removes a key below a tree node, in the shape the C implementation of BTrees leaves: nodes that become empty go, small
 * ones stay as they are.
 *
 * @returns whether the key was there
 */
export function remove<K>(context: TreeContext<K>, box: NodeBox<K>, key: K): boolean {
  return removeBelow(context, box, key, 0).found;
}

function removeBelow<K>(context: TreeContext<K>, box: NodeBox<K>, key: K, depth: number): Removal {
  const { space, flavour } = context;
  const { tree } = box;
  space.relied(box);
  const i = childIndex(flavour.keys, tree.separators, key);
  const child = tree.children[i];
  if (child === undefined) return NOT_FOUND;
  const below =
    child.node.kind === "tree"
      ? removeBelow(context, child, key, deeper(depth))
      : removeFromBucket(context, box, child, key);
  if (!below.found) return NOT_FOUND;
  raiseSeparator(context, box, i, key);
  let lostFirst = below.lostFirst && relinkFirst(space, box, i);
  if (sizeOf(child.node) === 0) lostFirst = dropChild(space, box, i) || lostFirst;
  return { found: true, lostFirst };
}

function removeFromBucket<K>(context: TreeContext<K>, parent: NodeBox<K>, box: NodeBox<K>, key: K): Removal {
  const { bucket } = box;
  const at = searchKeys(context.flavour.keys, bucket.keys, key);
  if (at < 0) return NOT_FOUND;
  bucket.keys.splice(at, 1);
  bucket.values.splice(at, 1);
  bucketChanged(context.space, parent, box);
  return { found: true, lostFirst: false };
}

// A separator equal to the key that went becomes the smallest key left.
function raiseSeparator<K>(context: TreeContext<K>, box: NodeBox<K>, i: number, key: K): void {
  const { tree } = box;
  const child = childAt(tree, i);
  if (i === 0 || sizeOf(child.node) === 0) return;
  if (context.flavour.keys.compare(tree.separators[i - 1] as K, key) !== 0) return;
  tree.separators[i - 1] = smallestKey(child);
  context.space.changed(box);
}

function smallestKey<K>(box: NodeBox<K>): K {
  const { node } = box;
  return node.kind === "bucket" ? (node.keys[0] as K) : smallestKey(childAt(node, 0));
}

/** @returns whether it is for the parent to link past the bucket that went */
function relinkFirst<K>(space: TreeSpace<K>, box: NodeBox<K>, i: number): boolean {
  const { tree } = box;
  if (i > 0) {
    unlinkNext(space, childAt(tree, i - 1));
    return false;
  }
  tree.first = childAt(tree, 0).tree.first;
  space.changed(box);
  return true;
}

/** @returns whether the leftmost bucket of the node went */
function dropChild<K>(space: TreeSpace<K>, box: NodeBox<K>, i: number): boolean {
  const { tree } = box;
  const { node } = childAt(tree, i);
  const lostFirst = node.kind === "bucket" && i === 0;
  if (lostFirst) tree.first = node.next;
  else if (node.kind === "bucket") unlinkNext(space, childAt(tree, i - 1));
  cut(tree, i);
  space.changed(box);
  return lostFirst;
}

function cut<K>(tree: LiveTree<K>, i: number): void {
  tree.children.splice(i, 1);
  tree.separators.splice(Math.max(i - 1, 0), 1);
}

/** Links the last bucket below a node past the one that follows it. */
function unlinkNext<K>(space: TreeSpace<K>, box: NodeBox<K>): void {
  const { node } = box;
  if (node.kind === "tree") {
    unlinkNext(space, childAt(node, -1));
    return;
  }
  node.next = node.next?.bucket.next;
  if (box.oid !== undefined) space.changed(box);
}
