import type { BTree } from "../btree/btree.ts";
import type { Flavour } from "../btree/flavour.ts";
import { ZodbError } from "../errors/zodb-error.ts";
import { formatOid, ROOT_OID } from "../ids/oid.ts";
import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import type { ClassMeta } from "../pickle/record.ts";
import { Global, PersistentRef, PyDict } from "../pickle/values.ts";
import type { PickleTuple, PickleValue } from "../pickle/values.ts";
import { encodeRecord } from "../pickle/writer.ts";
import { transactionMeta } from "../storage.ts";
import type { Storage, TransactionMeta } from "../storage.ts";
import { commitChanges } from "./commit.ts";
import { RootMapping } from "./root-mapping.ts";
import { StoredObject } from "./stored-object.ts";
import type { PendingStore } from "./stored-object.ts";
import { StoredTree } from "./stored-tree.ts";
import { View } from "./view.ts";

/** Which moment a connection shows. */
export interface ConnectionOptions {
  /** A transaction of the past; nothing can be committed then. Left out: the newest. */
  readonly at?: Tid;
}

const MAPPING = new Global("persistent.mapping", "PersistentMapping");

/** Trees of all kinds under one roof: a connection never looks into their keys. */
type AnyTree = Pick<StoredTree<never>, "forget" | "isChanged" | "pending" | "reliedOn"> & {
  readonly tree: { readonly flavour: { readonly treeClass: Global } };
};

/**
 * A database as one transaction sees it: as of one moment, with the changes made here.
 *
 * Objects are used by their states; nothing is known about their classes but for BTrees and the root's mapping. Changes
 * are those of a single transaction at a time: `commit` makes them visible to others, `abort` drops them.
 */
export class Connection {
  readonly storage: Storage;
  private current: View;
  private readonly historical: boolean;
  private readonly objects = new Map<Oid, StoredObject>();
  private readonly trees = new Map<Oid, AnyTree>();
  private readonly changedObjects = new Set<StoredObject>();
  private readonly deleted = new Map<Oid, Tid>();

  /**
   * Opens a connection at the newest transaction. An empty database gets its root object.
   *
   * @throws ZodbError `ESTATE` for a moment the storage has not taken in
   */
  static open(storage: Storage, options: ConnectionOptions = {}): Connection {
    if (options.at === undefined) storage.poll();
    if (options.at === undefined && !storage.readOnly) createRoot(storage);
    return new Connection(storage, options.at);
  }

  private constructor(storage: Storage, at: Tid | undefined) {
    this.storage = storage;
    this.historical = at !== undefined;
    this.current = new View(storage, at);
  }

  /** The last transaction that can be seen. */
  get at(): Tid {
    return this.current.at;
  }

  /** The database without the changes made here. */
  view(): View {
    return this.current;
  }

  /** Takes in what others committed. @throws ZodbError `ESTATE` with changes that are not committed */
  sync(): Tid {
    if (this.isChanged())
      throw new ZodbError("ESTATE", "there are changes that are not committed", { hint: "commit or abort first" });
    if (this.historical) return this.at;
    this.storage.poll();
    this.moveOn();
    return this.at;
  }

  /** The object of that oid. Whether there is one shows when it is used. */
  get(oid: Oid): StoredObject {
    const known = this.objects.get(oid);
    if (known !== undefined) return known;
    const object = new StoredObject(this, oid);
    this.objects.set(oid, object);
    return object;
  }

  /** The root object's names. */
  root(): RootMapping {
    return new RootMapping(this.get(ROOT_OID));
  }

  /** A new object, stored with the next commit. @param args  what its class is made with, for classes that need it */
  create(cls: Global, state: PickleValue, args?: PickleTuple): StoredObject {
    const meta: ClassMeta = { module: cls.module, name: cls.name, args, persistentClass: undefined };
    const object = new StoredObject(this, this.newOid(), { class: meta, state });
    this.objects.set(object.oid, object);
    this.changedObjects.add(object);
    return object;
  }

  /** Deletes an object with the next commit. @throws ZodbError `EPOSKEY` where there is none */
  delete(oid: Oid): void {
    this.deleted.set(oid, this.current.get(oid).serial);
  }

  /** The tree whose root node has that oid, always the same one. @throws ZodbError `ESTATE` if it is in use as of another kind */
  btree<K>(oid: Oid, flavour: Flavour<K>): BTree<K> {
    const known = this.trees.get(oid);
    if (known === undefined) return this.keep(new StoredTree(this, flavour, oid));
    if (known.tree.flavour !== flavour) {
      throw new ZodbError("ESTATE", `BTree ${formatOid(oid)} is in use as a ${known.tree.flavour.treeClass.name}`);
    }
    return known.tree as unknown as BTree<K>;
  }

  /** A new tree, stored with the next commit. */
  createBTree<K>(flavour: Flavour<K>): BTree<K> {
    return this.keep(new StoredTree(this, flavour));
  }

  /** A reference to a tree, to be put into the state of other objects. */
  refTo<K>(tree: BTree<K>): PersistentRef {
    return new PersistentRef(oidOf(tree), tree.flavour.treeClass);
  }

  /** Whether there is anything to commit. */
  isChanged(): boolean {
    return this.changedObjects.size > 0 || this.deleted.size > 0 || this.changedTrees().length > 0;
  }

  /**
   * Commits what was changed, and moves on to the newest transaction.
   *
   * @returns the transaction's tid; without changes the moment shown
   * @throws ConflictError (`isRetryable`) when somebody else was faster; the changes are gone then, as after any other error
   */
  commit(meta: TransactionMeta = transactionMeta()): Tid {
    if (!this.isChanged()) return this.at;
    if (this.historical) throw new ZodbError("EREADONLY", "a connection to the past cannot commit");
    try {
      const trees = this.changedTrees();
      const stores = [...this.pendingObjects(), ...trees.flatMap((tree) => tree.pending())];
      const tid = commitChanges(this.storage, meta, { stores, reliedOn: trees.flatMap((tree) => tree.reliedOn()) });
      this.moveOn();
      return tid;
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** Drops all changes. Objects and trees created since the last commit must not be used any more. */
  abort(): void {
    this.forgetAll();
  }

  /** @internal an object of this connection got another state */
  changed(object: StoredObject): void {
    this.changedObjects.add(object);
  }

  /** An oid nobody has. @throws ZodbError `EREADONLY` */
  newOid(): Oid {
    return this.storage.newOid();
  }

  private keep<K>(stored: StoredTree<K>): BTree<K> {
    this.trees.set(oidOf(stored.tree), stored);
    return stored.tree;
  }

  private changedTrees(): AnyTree[] {
    return [...this.trees.values()].filter((tree) => tree.isChanged());
  }

  private *pendingObjects(): Generator<PendingStore> {
    for (const object of this.changedObjects) if (!this.deleted.has(object.oid)) yield object.pending();
    for (const [oid, serial] of this.deleted) yield { oid, serial, data: undefined };
  }

  private moveOn(): void {
    this.current = new View(this.storage);
    this.forgetAll();
  }

  // Records that did not change are still in the cache of decoded ones: loading again costs little.
  private forgetAll(): void {
    for (const object of this.objects.values()) object.forget();
    for (const tree of this.trees.values()) tree.forget();
    this.changedObjects.clear();
    this.deleted.clear();
  }
}

function oidOf<K>(tree: BTree<K>): Oid {
  const { oid } = tree.root;
  if (oid === undefined) throw new ZodbError("ESTATE", "the tree belongs to no connection");
  return oid;
}

function createRoot(storage: Storage): void {
  if (new View(storage).load(ROOT_OID) !== undefined) return;
  const data = encodeRecord(MAPPING, PyDict.of({ data: new PyDict() }));
  const meta = transactionMeta({ description: "initial database creation" });
  commitChanges(storage, meta, { stores: [{ oid: ROOT_OID, serial: 0n, data }], reliedOn: [] });
}
