import type { Oid, Tid } from "@belay/zodb";

/**
 * An inner node of a block table (a LOBTree): which child holds which block numbers.
 *
 * Child `i` holds `[separators[i-1], separators[i])`; the first has no lower and the last no upper end of its own: what bounds
 * them is the coverage of the node itself. A tree with neither children nor an embedded bucket is empty.
 */
export interface TreeNode {
  readonly kind: "tree";
  readonly children: readonly Oid[];
  /** One less than there are children, ascending. */
  readonly separators: readonly number[];
  /** The only bucket of a small tree, stored inside the tree's own record; then there are no children. */
  readonly embedded?: BucketNode | undefined;
}

/** A leaf of a block table: `values[i]` is the ZBlk object of block `keys[i]`; the keys ascend. */
export interface BucketNode {
  readonly kind: "bucket";
  readonly keys: readonly number[];
  readonly values: readonly Oid[];
}

/** The state of a ZBigFile object. */
export interface FileState {
  /** Bytes in a block. */
  readonly blksize: number | bigint;
  /** The root of the block table. */
  readonly blktab: Oid;
}

/** The database at one moment. Reading errors of the storage pass through; a state of the wrong shape is an error, too. */
export interface Snapshot {
  /** The tree node or bucket; undefined: absent or deleted at that moment. */
  node(oid: Oid): TreeNode | BucketNode | undefined;
  /** The file; undefined: absent or deleted at that moment, or not a ZBigFile. */
  file(oid: Oid): FileState | undefined;
  /** The transaction that wrote the object's state of that moment; undefined: absent or deleted. */
  serial(oid: Oid): Tid | undefined;
}

/** The database at any moment: the server has it over views, tests over an object store in memory. */
export interface Snapshots {
  /** The state with everything committed up to and including `tid`; `tid` need not be that of a transaction. */
  at(tid: Tid): Snapshot;
}
