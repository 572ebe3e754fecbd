import type { DecodedRecord, Extent, Invalidation, Oid, Revision, Storage, Tid } from "@belay/zodb";
import { decodeRecord, isZodbError, MAX_TID, ROOT_OID } from "@belay/zodb";
import type { BucketNode, FileState, Snapshot, Snapshots, TreeNode } from "../delta/index.ts";
import { IntervalCache } from "./interval-cache.ts";
import { nodeWeight, readFileState, readTreeNode, treeClass } from "./states.ts";

/** Bytes of the heap for decoded tree nodes, roughly. */
const NODE_BUDGET = 24 << 20;

/** A decoded object and the transaction that wrote it. */
interface Serialed<T> {
  readonly serial: Tid;
  readonly value: T;
}

/**
 * The database as the server needs it: block tables and files at any moment, each state decoded once.
 *
 * Everything is synchronous and belongs to one thread.
 */
export class Database implements Snapshots {
  readonly storage: Storage;
  readonly #nodes = new IntervalCache<Serialed<TreeNode | BucketNode>>(NODE_BUDGET);

  readonly #onMoved: () => void;
  #fd: number | undefined;

  /** @param onMoved called when new records lie in another file than before: places in the old one will not be good for ever */
  constructor(storage: Storage, onMoved: () => void = () => undefined) {
    this.storage = storage;
    this.#onMoved = onMoved;
    this.#fd = this.#currentFile();
  }

  /** Takes in what others committed since. */
  poll(): Invalidation[] {
    const events = this.storage.poll();
    for (const { tid, oids } of events) this.#nodes.invalidate(tid, oids);
    const fd = this.#currentFile();
    if (fd !== this.#fd) this.#onMoved();
    this.#fd = fd;
    return events;
  }

  // A pack makes a new file, and the storage keeps the old ones open only for a while.
  #currentFile(): number | undefined {
    return absentAsUndefined(() => this.storage.locateBefore?.(ROOT_OID, MAX_TID))?.fd;
  }

  /** The database with everything committed up to and including the moment. */
  at(tid: Tid): Moment {
    return new Moment(this, tid);
  }

  /** @internal for Moment */
  node(oid: Oid, at: Tid): Serialed<TreeNode | BucketNode> | undefined {
    const known = this.#nodes.get(oid, at);
    if (known !== undefined) return known;
    const revision = this.load(oid, at);
    if (revision === undefined) return undefined;
    const record = decodeRecord(revision.data);
    const value = readTreeNode(record, treeClass.blocks);
    const node = { serial: revision.serial, value };
    this.#nodes.add(oid, { serial: revision.serial, next: revision.next, value: node, weight: nodeWeight(value) });
    return node;
  }

  /** @internal for Moment: the state of the moment; undefined: absent or deleted then. */
  load(oid: Oid, at: Tid): Revision | undefined {
    return absentAsUndefined(() => this.storage.loadBefore(oid, at + 1n));
  }

  /** @internal for Moment: as load, without the data; "unknown" where the storage is no file. */
  locate(oid: Oid, at: Tid): Extent | undefined | "unknown" {
    const { storage } = this;
    if (storage.locateBefore === undefined) return "unknown";
    return absentAsUndefined(() => storage.locateBefore?.(oid, at + 1n));
  }
}

/** The database at one moment. */
export class Moment implements Snapshot {
  readonly tid: Tid;
  readonly #database: Database;

  constructor(database: Database, tid: Tid) {
    this.#database = database;
    this.tid = tid;
  }

  node(oid: Oid): TreeNode | BucketNode | undefined {
    return this.#database.node(oid, this.tid)?.value;
  }

  file(oid: Oid): FileState | undefined {
    const record = this.record(oid);
    return record === undefined ? undefined : readFileState(record, oid);
  }

  serial(oid: Oid): Tid | undefined {
    const extent = this.locate(oid);
    return extent === "unknown" ? this.load(oid)?.serial : extent?.serial;
  }

  /** The serial of a tree node, which is known from its last use. */
  nodeSerial(oid: Oid): Tid | undefined {
    return this.#database.node(oid, this.tid)?.serial;
  }

  /** The object's record; undefined: absent or deleted. */
  load(oid: Oid): Revision | undefined {
    return this.#database.load(oid, this.tid);
  }

  /** Where the object's record lies; undefined: absent or deleted; "unknown" where the storage is no file. */
  locate(oid: Oid): Extent | undefined | "unknown" {
    return this.#database.locate(oid, this.tid);
  }

  /** The object, decoded; undefined: absent or deleted. */
  record(oid: Oid): (DecodedRecord & { readonly serial: Tid }) | undefined {
    const revision = this.load(oid);
    return revision === undefined ? undefined : { ...decodeRecord(revision.data), serial: revision.serial };
  }
}

function absentAsUndefined<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (isZodbError(error, "EPOSKEY")) return undefined;
    throw error;
  }
}
