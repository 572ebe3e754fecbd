import { BTree } from "../btree/btree.ts";
import { encodeBTreeNode } from "../btree/encode-node.ts";
import { btreeClass } from "../btree/flavour.ts";
import type { Flavour } from "../btree/flavour.ts";
import { mergeBuckets } from "../btree/merge.ts";
import { NodeBox, stored } from "../btree/node-box.ts";
import type { TreeSpace } from "../btree/node-box.ts";
import { decodeBTreeNode } from "../btree/node.ts";
import type { BTreeNode, BucketNode } from "../btree/node.ts";
import { ZodbError } from "../errors/zodb-error.ts";
import { formatOid } from "../ids/oid.ts";
import type { Oid } from "../ids/oid.ts";
import { Z64 } from "../ids/tid.ts";
import type { Tid } from "../ids/tid.ts";
import { decodeRecord } from "../pickle/record.ts";
import type { ClassMeta, DecodedRecord } from "../pickle/record.ts";
import { PersistentRef } from "../pickle/values.ts";
import { encodeRecord } from "../pickle/writer.ts";
import type { PendingStore } from "./stored-object.ts";
import type { View } from "./view.ts";

/** An object and the revision of it that a change relies on. */
export interface ReliedOn {
  readonly oid: Oid;
  readonly serial: Tid;
}

/** What is known of a node from its record. */
interface Origin {
  readonly serial: Tid;
  readonly class: ClassMeta;
}

/** What a tree needs of the connection it belongs to. */
export interface TreeHome {
  view(): View;
  newOid(): Oid;
}

/** The nodes of one tree of a connection. */
export class StoredTree<K> implements TreeSpace<K> {
  readonly tree: BTree<K>;
  private readonly flavour: Flavour<K>;
  private readonly home: TreeHome;
  private readonly boxes = new Map<Oid, NodeBox<K>>();
  private readonly origins = new Map<Oid, Origin>();
  private readonly changedBoxes = new Set<NodeBox<K>>();
  private readonly reliedBoxes = new Set<NodeBox<K>>();

  /** @param oid  of the tree's root node; undefined: a new tree */
  constructor(home: TreeHome, flavour: Flavour<K>, oid?: Oid) {
    this.home = home;
    this.flavour = flavour;
    this.tree = new BTree(flavour, this, oid === undefined ? this.newRoot() : this.boxOf(oid));
  }

  box(ref: PersistentRef): NodeBox<K> {
    return this.boxOf(ref.oid);
  }

  load(oid: Oid): BTreeNode<K> {
    const { serial, record } = this.home.view().get(oid);
    this.origins.set(oid, { serial, class: record.class });
    return this.decode(oid, record);
  }

  changed(box: NodeBox<K>): void {
    this.changedBoxes.add(box);
  }

  relied(box: NodeBox<K>): void {
    this.reliedBoxes.add(box);
  }

  isChanged(): boolean {
    return this.changedBoxes.size > 0;
  }

  /** What is to be stored: every node that changed, and every new one, which gets its oid here. */
  pending(): PendingStore[] {
    const stores: PendingStore[] = [];
    // Grows while it is gone through: nodes refer to new ones.
    const boxes = new Set(this.changedBoxes);
    const refer = (box: NodeBox<K>, kind: "tree" | "bucket"): PersistentRef => {
      if (box.oid === undefined) boxes.add(box);
      return new PersistentRef(this.named(box), kind === "tree" ? this.flavour.treeClass : this.flavour.bucketClass);
    };
    for (const box of boxes) stores.push(this.store(box, stored(box, refer)));
    return stores;
  }

  /** Nodes whose revision must still be the newest for the changes to be right. */
  reliedOn(): ReliedOn[] {
    return [...this.reliedBoxes].flatMap(({ oid }) => {
      const origin = oid === undefined ? undefined : this.origins.get(oid);
      return oid === undefined || origin === undefined ? [] : [{ oid, serial: origin.serial }];
    });
  }

  /** Forgets all nodes, changed or not: they are loaded again when they are used. */
  forget(): void {
    const root = this.tree.root;
    this.boxes.clear();
    this.origins.clear();
    this.changedBoxes.clear();
    this.reliedBoxes.clear();
    root.forget();
    this.boxes.set(this.named(root), root);
  }

  private newRoot(): NodeBox<K> {
    const root = new NodeBox<K>(this, { kind: "tree", children: [], separators: [], first: undefined });
    this.named(root);
    this.changed(root);
    return root;
  }

  private boxOf(oid: Oid): NodeBox<K> {
    const known = this.boxes.get(oid);
    if (known !== undefined) return known;
    const box = new NodeBox<K>(this, oid);
    this.boxes.set(oid, box);
    return box;
  }

  private named(box: NodeBox<K>): Oid {
    if (box.oid === undefined) {
      box.oid = this.home.newOid();
      this.boxes.set(box.oid, box);
    }
    return box.oid;
  }

  private store(box: NodeBox<K>, node: BTreeNode<K>): PendingStore {
    const oid = this.named(box);
    const origin = this.origins.get(oid);
    const cls = origin?.class ?? (node.kind === "tree" ? this.flavour.treeClass : this.flavour.bucketClass);
    const encode = (content: BTreeNode<K>): Uint8Array =>
      encodeRecord(cls, encodeBTreeNode(content, this.flavour.keys));
    const merge = (old: Uint8Array, committed: Uint8Array): Uint8Array | undefined => {
      const merged = this.merged(oid, node, old, committed);
      return merged && encode(merged);
    };
    return { oid, serial: origin?.serial ?? Z64, data: encode(node), merge };
  }

  private merged(oid: Oid, ours: BTreeNode<K>, old: Uint8Array, committed: Uint8Array): BTreeNode<K> | undefined {
    const [before, theirs] = [this.decode(oid, decodeRecord(old)), this.decode(oid, decodeRecord(committed))];
    const buckets = [before, theirs, ours].map(onlyBucket);
    const [a, b, c] = buckets;
    const merged = a && b && c && mergeBuckets(this.flavour.keys, a, b, c);
    // A bucket kept inside its tree is merged there; a mixture of the two kinds means that the tree has grown or shrunk.
    if (merged === undefined || before.kind !== ours.kind || theirs.kind !== ours.kind) return undefined;
    return ours.kind === "bucket" ? merged : { ...ours, children: [merged] };
  }

  private decode(oid: Oid, record: DecodedRecord): BTreeNode<K> {
    const { keys, set, name } = this.flavour;
    // An application may have a class of its own for trees: then the shape tells.
    const known = btreeClass(record.class);
    if (known !== undefined && (known.flavour.name !== name || known.flavour.set !== set)) {
      throw new ZodbError("EDAMAGED", `object ${formatOid(oid)} is a ${record.class.name}, not part of a ${name} tree`);
    }
    return decodeBTreeNode(record.state, keys, known === undefined ? { set } : { set, kind: known.kind });
  }
}

function onlyBucket<K>(node: BTreeNode<K>): BucketNode<K> | undefined {
  if (node.kind === "bucket") return node;
  const [only] = node.children;
  return node.children.length === 1 && !(only instanceof PersistentRef) ? only : undefined;
}
