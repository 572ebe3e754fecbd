import { textOf } from "../pickle/values.ts";
import type { PickleValue } from "../pickle/values.ts";
import type { BTree } from "./btree.ts";
import { leftmost } from "./insert.ts";
import type { NodeBox } from "./node-box.ts";

/** A small generator of pseudo-random numbers (mulberry32): runs can be repeated on both sides. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** The shape of a tree with its keys and values as text; the same as the Python tests print. */
export function shapeOf<K>(tree: BTree<K>): unknown {
  const show = (value: K | PickleValue): string => {
    if (typeof value === "number" || typeof value === "bigint") return value.toString();
    return textOf(value as PickleValue) ?? "?";
  };
  const shape = (box: NodeBox<K>): unknown => {
    const { node } = box;
    if (node.kind === "bucket") return ["B", node.keys.map(show), node.values.map(show)];
    const [first] = node.children;
    const firstRight = first === undefined ? node.first === undefined : node.first === leftmost(first);
    return ["T", node.children.map(shape), node.separators.map(show), firstRight];
  };
  return shape(tree.root);
}

/** Python's side of `shapeOf`, from the states the C implementation gives. */
export const SHAPE_PY = `
import hashlib, json, sys
from BTrees import LOBTree, IOBTree, OOBTree, LLBTree
from BTrees.check import check
def bucket_shape(s, mapping):
    if s is None: return ["B", [], []]
    items = s[0]
    return ["B", [str(k) for k in items[::2]], [str(v) for v in items[1::2]]] if mapping else ["B", [str(k) for k in items], []]
def leftmost(n):
    while hasattr(n, "_check"):
        s = n.__getstate__()
        if len(s) == 1: return None # a bucket not stored yet is shown as embedded, and cannot be compared
        n = s[0][0]
    return n
def shape(t, mapping=True):
    s = t.__getstate__()
    if not hasattr(t, "_check"): return bucket_shape(s, mapping)
    if s is None: return ["T", [], [], True]
    if len(s) == 1: return ["T", [bucket_shape(s[0][0], mapping)], [], True]
    items, first = s
    kids = items[::2]
    return ["T", [shape(k, mapping) for k in kids], [str(k) for k in items[1::2]], leftmost(t) in (first, None)]
`;
