import { ZodbError } from "../errors/zodb-error.ts";
import type { PickleValue } from "../pickle/values.ts";
import type { Flavour } from "./flavour.ts";
import { insert } from "./insert.ts";
import { childIndex, searchKeys } from "./keys.ts";
import type { KeyCodec } from "./keys.ts";
import { deeper, NodeBox } from "./node-box.ts";
import type { LiveBucket, LiveTree, TreeSpace } from "./node-box.ts";
import { remove } from "./remove.ts";

/** A space for a tree that is not stored anywhere. */
function nowhere<K>(): TreeSpace<K> {
  const refuse = (): never => {
    throw new Error("a tree that is not stored has no references");
  };
  return { box: refuse, load: refuse, changed: () => undefined, relied: () => undefined };
}

/**
 * A sorted map (or set) spread over many small objects, in the shape of Python's BTrees.
 *
 * @throws ZodbError of every method: `EPOSKEY`, `EDAMAGED` for nodes that are missing or make no sense
 */
export class BTree<K> implements Iterable<[key: K, value: PickleValue]> {
  readonly flavour: Flavour<K>;
  readonly root: NodeBox<K>;
  readonly space: TreeSpace<K>;

  /** @param root  the box of the tree's root node, whose oid is the tree's; left out: a new empty tree */
  constructor(flavour: Flavour<K>, space: TreeSpace<K> = nowhere(), root?: NodeBox<K>) {
    this.flavour = flavour;
    this.space = space;
    this.root = root ?? new NodeBox(space, { kind: "tree", children: [], separators: [], first: undefined });
    this.root.isRoot = true;
  }

  /** undefined: the key is not there (or the tree is a set). */
  get(key: K): PickleValue | undefined {
    const bucket = this.bucketOf(key);
    const at = bucket === undefined ? -1 : searchKeys(this.flavour.keys, bucket.keys, key);
    return at < 0 ? undefined : bucket?.values[at];
  }

  has(key: K): boolean {
    const bucket = this.bucketOf(key);
    return bucket !== undefined && searchKeys(this.flavour.keys, bucket.keys, key) >= 0;
  }

  /** @returns whether the key is new */
  set(key: K, value: PickleValue): boolean {
    return insert(this, this.root, this.flavour.keys.decode(this.flavour.keys.encode(key)), value);
  }

  /** Adds a key to a set. @returns whether it is new */
  add(key: K): boolean {
    return this.set(key, null);
  }

  /** @returns whether the key was there */
  delete(key: K): boolean {
    return remove(this, this.root, key);
  }

  /** Removes everything. */
  clear(): void {
    const { tree } = this.root;
    if (tree.children.length === 0) return;
    tree.children = [];
    tree.separators = [];
    tree.first = undefined;
    this.space.changed(this.root);
  }

  /** The smallest key; undefined in an empty tree. */
  minKey(): K | undefined {
    return this.root.tree.first?.bucket.keys[0];
  }

  /** The largest key; undefined in an empty tree. */
  maxKey(): K | undefined {
    return this.leaf((node) => node.children.at(-1))?.keys.at(-1);
  }

  /** Entries with from <= key <= to in ascending order. The value of a set's key is null. */
  *entries(from?: K, to?: K): Generator<[key: K, value: PickleValue]> {
    const { keys } = this.flavour;
    const first = from === undefined ? this.root.tree.first?.bucket : this.bucketOf(from);
    for (const bucket of chainFrom(first)) {
      for (let i = bucket === first ? startIn(keys, bucket, from) : 0; i < bucket.keys.length; i++) {
        const key = bucket.keys[i] as K;
        if (to !== undefined && keys.compare(key, to) > 0) return;
        yield [key, bucket.values[i] ?? null];
      }
    }
  }

  [Symbol.iterator](): Iterator<[key: K, value: PickleValue]> {
    return this.entries();
  }

  /** Number of keys; reads every bucket. */
  size(): number {
    let count = 0;
    for (const bucket of chainFrom(this.root.tree.first?.bucket)) count += bucket.keys.length;
    return count;
  }

  private bucketOf(key: K): LiveBucket<K> | undefined {
    return this.leaf((node) => node.children[childIndex(this.flavour.keys, node.separators, key)]);
  }

  private leaf(childOf: (node: LiveTree<K>) => NodeBox<K> | undefined): LiveBucket<K> | undefined {
    let { node } = this.root;
    for (let depth = 0; node.kind === "tree"; depth = deeper(depth)) {
      const child = childOf(node);
      if (child === undefined) return undefined;
      node = child.node;
    }
    return node;
  }
}

/** Index of the first key not below `from`. */
function startIn<K>(codec: KeyCodec<K>, bucket: LiveBucket<K>, from: K | undefined): number {
  const at = from === undefined ? 0 : searchKeys(codec, bucket.keys, from);
  return at < 0 ? ~at : at;
}

/** A bucket and those that follow it. @throws ZodbError `EDAMAGED` for a chain that comes back to where it was */
function* chainFrom<K>(start: LiveBucket<K> | undefined): Generator<LiveBucket<K>> {
  const seen = new Set<LiveBucket<K>>();
  for (let bucket = start; bucket !== undefined; bucket = bucket.next?.bucket) {
    if (seen.has(bucket)) throw new ZodbError("EDAMAGED", "BTree: the chain of buckets has no end");
    seen.add(bucket);
    yield bucket;
  }
}
