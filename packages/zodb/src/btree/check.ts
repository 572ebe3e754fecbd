import type { BTree } from "./btree.ts";
import type { KeyCodec } from "./keys.ts";
import { deeper } from "./node-box.ts";
import type { LiveBucket, LiveTree, NodeBox } from "./node-box.ts";

/** The keys a node may hold: low <= key < high; undefined: no bound. */
interface Range<K> {
  readonly low: K | undefined;
  readonly high: K | undefined;
}

/**
 * Whether a tree is sound, by the rules of Python's `_check()` and `BTrees.check.check()`: keys ascend and lie in the range
 * their ancestors give, siblings are of one kind, no child is empty, every tree node knows its first bucket, and the
 * chain of buckets connects them all in order.
 *
 * @returns what is wrong, in words; nothing for a sound tree
 * @throws ZodbError `EPOSKEY`, `EDAMAGED` where a node cannot be read at all or is its own descendant
 */
export function checkBTree<K>(tree: BTree<K>): string[] {
  const check = new Check(tree.flavour.keys);
  check.tree(tree.root, { low: undefined, high: undefined }, []);
  check.chain(tree.root.tree.first);
  return check.problems;
}

class Check<K> {
  readonly problems: string[] = [];
  private readonly codec: KeyCodec<K>;
  private readonly buckets: NodeBox<K>[] = [];

  constructor(codec: KeyCodec<K>) {
    this.codec = codec;
  }

  tree(box: NodeBox<K>, range: Range<K>, path: readonly number[]): void {
    const { tree } = box;
    this.keys(tree.separators, range, path);
    if (new Set(tree.children.map((child) => child.node.kind)).size > 1) this.report(path, "children of both kinds");
    for (const [i, child] of tree.children.entries()) {
      const below = { low: tree.separators[i - 1] ?? range.low, high: tree.separators[i] ?? range.high };
      if (child.node.kind === "tree") this.inner(child, child.node, below, [...path, i]);
      else this.bucket(child, child.node, below, [...path, i]);
    }
    this.first(tree, path);
  }

  /** The buckets found from the tree's first one on must be those found from above, in the same order. */
  chain(first: NodeBox<K> | undefined): void {
    let link = first;
    for (const [i, bucket] of this.buckets.entries()) {
      if (link !== bucket) {
        this.problems.push(`bucket ${i} is not what the chain of buckets leads to`);
        return;
      }
      link = bucket.bucket.next;
    }
    if (link !== undefined) this.problems.push("the chain of buckets goes on after the last one");
  }

  private inner(box: NodeBox<K>, tree: LiveTree<K>, range: Range<K>, path: readonly number[]): void {
    deeper(path.length);
    if (tree.children.length === 0) this.report(path, "empty tree below another");
    this.tree(box, range, path);
  }

  private bucket(box: NodeBox<K>, bucket: LiveBucket<K>, range: Range<K>, path: readonly number[]): void {
    if (bucket.keys.length === 0) this.report(path, "empty bucket");
    this.keys(bucket.keys, range, path);
    this.buckets.push(box);
  }

  private first(tree: LiveTree<K>, path: readonly number[]): void {
    const [child] = tree.children;
    if (child === undefined) return;
    const expected = child.node.kind === "tree" ? child.node.first : child;
    if (tree.first !== expected) this.report(path, "wrong first bucket");
  }

  private keys(keys: readonly K[], { low, high }: Range<K>, path: readonly number[]): void {
    const disordered = keys.some((key, i) => i > 0 && this.codec.compare(keys[i - 1] as K, key) >= 0);
    if (disordered) this.report(path, "keys out of order");
    const outside = keys.some(
      (key) =>
        (low !== undefined && this.codec.compare(key, low) < 0) ||
        (high !== undefined && this.codec.compare(key, high) >= 0),
    );
    if (outside) this.report(path, "keys outside the range of the node");
  }

  private report(path: readonly number[], what: string): void {
    this.problems.push(`${path.length === 0 ? "root" : `node ${path.join(".")}`}: ${what}`);
  }
}
