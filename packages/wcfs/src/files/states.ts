import { BelayError } from "@belay/supervise";
import type { BTreeNode, ClassMeta, DecodedRecord, Oid, PickleValue } from "@belay/zodb";
import { blockKeys, decodeBTreeNode, formatOid, int32Keys, isTuple, PersistentRef } from "@belay/zodb";
import type { BucketNode, FileState, TreeNode } from "../delta/index.ts";

/** The module of everything big files are made of. */
export const FILE_MODULE = "wendelin.bigfile.file_zodb";

/** The two kinds of trees in big files: tables of blocks, and tables of chunks in a block. */
export const treeClass = {
  blocks: { module: "BTrees.LOBTree", tree: "LOBTree", bucket: "LOBucket", keys: blockKeys },
  chunks: { module: "BTrees.IOBTree", tree: "IOBTree", bucket: "IOBucket", keys: int32Keys },
} as const;

/** One of the kinds of trees. */
export type TreeClass = (typeof treeClass)[keyof typeof treeClass];

/** Whether the record is of exactly this class of big files; subclasses are something else. */
export function isFileClass(meta: ClassMeta, ...names: readonly string[]): boolean {
  return meta.module === FILE_MODULE && names.includes(meta.name) && meta.persistentClass === undefined;
}

/** A state that is not what its class promises. */
export function malformed(what: string): BelayError {
  return new BelayError("EMALFORMED", `${what}: state of the wrong shape`, {
    hint: "the object is damaged, or was written by something that is not wendelin.core",
  });
}

/**
 * The state of a ZBigFile.
 *
 * @returns undefined when the record is of another class
 * @throws BelayError `EMALFORMED`
 */
export function readFileState(record: DecodedRecord, oid: Oid): FileState | undefined {
  if (!isFileClass(record.class, "ZBigFile")) return undefined;
  const { state } = record;
  if (!isTuple(state) || state.length !== 2) throw malformed(`ZBigFile ${formatOid(oid)}`);
  const [blksize, blktab] = state;
  if (!isPositive(blksize) || !(blktab instanceof PersistentRef) || blktab.kind !== "strong")
    throw malformed(`ZBigFile ${formatOid(oid)}`);
  return { blksize, blktab: blktab.oid };
}

function isPositive(value: PickleValue | undefined): value is number | bigint {
  return (typeof value === "number" || typeof value === "bigint") && value > 0;
}

/**
 * A node of a tree whose values are objects.
 *
 * @throws BelayError `EMALFORMED`; ZodbError `EDAMAGED`
 */
export function readTreeNode(record: DecodedRecord, kind: TreeClass): TreeNode | BucketNode {
  const name = record.class.name.replace(/Py$/, "");
  if (record.class.module !== kind.module || (name !== kind.tree && name !== kind.bucket))
    throw malformed(`${kind.tree} node`);
  const decoded = decodeBTreeNode<number>(record.state, kind.keys, { kind: name === kind.tree ? "tree" : "bucket" });
  return decoded.kind === "bucket" ? toBucket(decoded) : toTree(decoded);
}

function toTree(node: Extract<BTreeNode<number>, { kind: "tree" }>): TreeNode {
  const [first] = node.children;
  if (first !== undefined && !(first instanceof PersistentRef)) {
    return { kind: "tree", children: [], separators: [], embedded: toBucket(first) };
  }
  return {
    kind: "tree",
    children: node.children.map((child) => reference(child as PersistentRef)),
    separators: node.separators,
  };
}

function toBucket(node: Extract<BTreeNode<number>, { kind: "bucket" }>): BucketNode {
  return { kind: "bucket", keys: node.keys, values: node.values.map(reference) };
}

function reference(value: PickleValue): Oid {
  if (!(value instanceof PersistentRef) || value.kind !== "strong") throw malformed("value in a tree");
  return value.oid;
}

/** Bytes of the heap a node costs, roughly: a number, and a bigint with its header, for each entry. */
export function nodeWeight(node: TreeNode | BucketNode): number {
  const entries = node.kind === "bucket" ? node.keys.length : node.children.length + (node.embedded?.keys.length ?? 0);
  return 200 + 48 * entries;
}
