import type { PickleTuple, PickleValue } from "../pickle/values.ts";
import { PersistentRef } from "../pickle/values.ts";
import type { KeyCodec } from "./keys.ts";
import type { BTreeNode, BucketNode, TreeNode } from "./node.ts";

/** The state of a node, the reverse of `decodeBTreeNode`. A bucket with keys and no values is that of a set. */
export function encodeBTreeNode<K>(node: BTreeNode<K>, codec: KeyCodec<K>): PickleValue {
  return node.kind === "tree" ? encodeTree(node, codec) : encodeBucket(node, codec);
}

function encodeTree<K>(node: TreeNode<K>, codec: KeyCodec<K>): PickleValue {
  const [only] = node.children;
  if (only === undefined) return null;
  if (!(only instanceof PersistentRef)) return [[encodeBucket(only, codec)]];
  const items: PickleValue[] = [];
  for (const [i, child] of node.children.entries()) {
    if (i > 0) items.push(codec.encode(node.separators[i - 1] as K));
    items.push(child as PersistentRef);
  }
  return node.first === undefined ? [items] : [items, node.first];
}

function encodeBucket<K>(node: BucketNode<K>, codec: KeyCodec<K>): PickleTuple {
  const set = node.values.length < node.keys.length;
  const items: PickleValue[] = [];
  for (const [i, key] of node.keys.entries()) {
    items.push(codec.encode(key));
    if (!set) items.push(node.values[i] as PickleValue);
  }
  return node.next === undefined ? [items] : [items, node.next];
}
