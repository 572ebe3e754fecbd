import { ZodbError } from "../errors/zodb-error.ts";
import { isTuple, PersistentRef } from "../pickle/values.ts";
import type { PickleTuple, PickleValue } from "../pickle/values.ts";
import type { KeyCodec } from "./keys.ts";

/** A leaf: entries in ascending order of their keys. */
export interface BucketNode<K> {
  readonly kind: "bucket";
  readonly keys: readonly K[];
  /** One for each key; empty for the bucket of a set. */
  readonly values: readonly PickleValue[];
  /** The following bucket; undefined in the last one of the whole tree. */
  readonly next: PersistentRef | undefined;
}

/** An inner node, or the root. */
export interface TreeNode<K> {
  readonly kind: "tree";
  /**
   * References to the children, which are all trees or all buckets. A tree of a single bucket may hold that bucket in its
   * own record: then it is the only child. No children: the tree is empty.
   */
  readonly children: readonly (PersistentRef | BucketNode<K>)[];
  /** One fewer than children: child i holds the keys with separators[i-1] <= key < separators[i]. */
  readonly separators: readonly K[];
  /** The leftmost bucket; undefined in an empty tree and where the bucket is embedded. */
  readonly first: PersistentRef | undefined;
}

/** What a BTree, a bucket or their set forms hold. */
export type BTreeNode<K> = TreeNode<K> | BucketNode<K>;

/** What is known about a node from its class. The shape alone cannot always tell: a set's bucket is as odd as a tree. */
export interface NodeShape {
  readonly kind?: "tree" | "bucket";
  /** TreeSet or Set: keys without values. */
  readonly set?: boolean;
}

function wrongShape(what: string): ZodbError {
  return new ZodbError("EDAMAGED", `BTree node: ${what}`);
}

/**
 * Understands the state of a BTree, Bucket, TreeSet or Set.
 *
 * | state | node |
 * |---|---|
 * | `None` | empty tree |
 * | `((bucket state,),)` | tree with its only bucket embedded |
 * | `((child, key, child, key, …, child), first bucket)` | tree |
 * | `((key, value, key, value, …),)`, or with the next bucket as second item | bucket |
 * | `((key, key, …),)`, or with the next bucket as second item | bucket of a set |
 *
 * Any number of children and keys is accepted, also a tree with one child and subtrees of different depth.
 *
 * @param shape  what the class says; without it the node is taken for that of a mapping, and its kind from its shape
 * @throws ZodbError `EDAMAGED` for anything else
 */
export function decodeBTreeNode<K>(state: PickleValue, codec: KeyCodec<K>, shape: NodeShape = {}): BTreeNode<K> {
  const kind = shape.kind ?? kindOf(state);
  return kind === "tree"
    ? decodeTree(state, codec, shape.set ?? false)
    : decodeBucket(state, codec, shape.set ?? false);
}

function kindOf(state: PickleValue): "tree" | "bucket" {
  if (state === null) return "tree";
  if (!isTuple(state) || !isTuple(state[0])) throw wrongShape("neither a tree nor a bucket");
  const head = state[0][0];
  return head instanceof PersistentRef || (state.length === 1 && state[0].length === 1 && isTuple(head))
    ? "tree"
    : "bucket";
}

function decodeTree<K>(state: PickleValue, codec: KeyCodec<K>, set: boolean): TreeNode<K> {
  if (state === null) return { kind: "tree", children: [], separators: [], first: undefined };
  if (!isTuple(state) || !isTuple(state[0])) throw wrongShape("state of a tree expected");
  if (state.length === 1) return embedded(state[0], codec, set);
  const [items, first] = state;
  if (state.length !== 2 || !(first instanceof PersistentRef)) throw wrongShape("tree without its first bucket");
  if (items.length % 2 === 0) throw wrongShape("tree with a key too many or a child too few");
  const children = new Array<PersistentRef>((items.length + 1) >> 1);
  const separators = new Array<K>(items.length >> 1);
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as PickleValue;
    if (i % 2 === 1) separators[i >> 1] = codec.decode(item);
    else if (item instanceof PersistentRef) children[i >> 1] = item;
    else throw wrongShape("child that is no reference");
  }
  return { kind: "tree", children, separators: ascending(separators, codec), first };
}

function embedded<K>(items: PickleTuple, codec: KeyCodec<K>, set: boolean): TreeNode<K> {
  if (items.length !== 1) throw wrongShape("more than one embedded bucket");
  const bucket = decodeBucket(items[0] as PickleValue, codec, set);
  if (bucket.next !== undefined) throw wrongShape("embedded bucket with a next bucket");
  return { kind: "tree", children: [bucket], separators: [], first: undefined };
}

function decodeBucket<K>(state: PickleValue, codec: KeyCodec<K>, set: boolean): BucketNode<K> {
  if (!isTuple(state) || state.length > 2 || !isTuple(state[0])) throw wrongShape("state of a bucket expected");
  const [items, next] = state;
  if (state.length === 2 && !(next instanceof PersistentRef)) throw wrongShape("next bucket that is no reference");
  const link = next instanceof PersistentRef ? next : undefined;
  if (set)
    return {
      kind: "bucket",
      keys: ascending(
        items.map((k) => codec.decode(k)),
        codec,
      ),
      values: [],
      next: link,
    };
  if (items.length % 2 !== 0) throw wrongShape("bucket with a key without value");
  const count = items.length >> 1;
  const keys = new Array<K>(count);
  const values = new Array<PickleValue>(count);
  for (let i = 0; i < count; i++) {
    keys[i] = codec.decode(items[2 * i] as PickleValue);
    values[i] = items[2 * i + 1] as PickleValue;
  }
  return { kind: "bucket", keys: ascending(keys, codec), values, next: link };
}

function ascending<K>(keys: K[], codec: KeyCodec<K>): K[] {
  for (let i = 1; i < keys.length; i++) {
    if (codec.compare(keys[i - 1] as K, keys[i] as K) >= 0) throw wrongShape("keys out of order");
  }
  return keys;
}
