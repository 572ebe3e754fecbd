import { ZodbError } from "../errors/zodb-error.ts";
import { Global } from "../pickle/values.ts";
import { blockKeys, int32Keys, int64Keys, objectKeys, uint32Keys, uint64Keys } from "./keys.ts";
import type { KeyCodec, ObjectKey } from "./keys.ts";

/**
 * A kind of tree: what its keys are, how large its nodes grow, and its classes.
 *
 * The two letters of a name are the kinds of key and value: O object, I 32-bit integer, L 64-bit integer, U and Q the same
 * without a sign, F float.
 */
export interface Flavour<K> {
  readonly name: string;
  readonly keys: KeyCodec<K>;
  /** TreeSet: keys without values. */
  readonly set: boolean;
  /** Most keys in a bucket. Nodes of any size are read; these bounds are for writing. */
  readonly maxLeaf: number;
  /** Most children of a tree node, but for the root, which splits at twice as many. */
  readonly maxInternal: number;
  readonly treeClass: Global;
  readonly bucketClass: Global;
}

/** Default sizes: keys in a bucket, children of a tree. Objects take more room than numbers. */
function sizesOf(name: string): { readonly maxLeaf: number; readonly maxInternal: number } {
  const objects = name.replaceAll(/[^O]/g, "").length;
  return { maxLeaf: 120 >> objects, maxInternal: name.startsWith("O") ? 250 : 500 };
}

function makeFlavour<K>(name: string, keys: KeyCodec<K>, set: boolean): Flavour<K> {
  const module = `BTrees.${name}BTree`;
  return {
    name,
    keys,
    set,
    ...sizesOf(name),
    treeClass: new Global(module, name + (set ? "TreeSet" : "BTree")),
    bucketClass: new Global(module, name + (set ? "Set" : "Bucket")),
  };
}

/** Integer keys to objects, as in the chunk table of a ZBlk1. */
export const IO: Flavour<number> = makeFlavour("IO", int32Keys, false);
/** Long keys to objects. */
export const LO: Flavour<bigint> = makeFlavour("LO", int64Keys, false);
/** Block numbers to blocks: an LO tree whose keys are plain numbers, as in the block table of a ZBigFile. */
export const BLOCKS: Flavour<number> = makeFlavour("LO", blockKeys, false);
/** Objects to objects. */
export const OO: Flavour<ObjectKey> = makeFlavour("OO", objectKeys, false);
/** Longs to longs. */
export const LL: Flavour<bigint> = makeFlavour("LL", int64Keys, false);

/** Codec by the letter of the key. */
function withKeys(name: string, set: boolean): Flavour<number> | Flavour<bigint> | Flavour<ObjectKey> {
  switch (name[0]) {
    case "I":
      return makeFlavour(name, int32Keys, set);
    case "U":
      return makeFlavour(name, uint32Keys, set);
    case "L":
      return makeFlavour(name, int64Keys, set);
    case "Q":
      return makeFlavour(name, uint64Keys, set);
    default:
      return makeFlavour(name, objectKeys, set);
  }
}

/** A class of the BTrees package, taken apart. */
export interface BTreeClass {
  readonly flavour: Flavour<number> | Flavour<bigint> | Flavour<ObjectKey>;
  readonly kind: "tree" | "bucket";
}

const CLASS_NAME = /^([OILUQ][OILUQF])(BTree|Bucket|TreeSet|Set)(Py)?$/;

/**
 * Recognises the classes of trees, buckets and their set forms.
 *
 * @returns undefined for a class that is none of the BTrees package
 * @throws ZodbError `EUNSUPPORTED` for flavours without meaning here (`fs`)
 */
export function btreeClass(cls: { readonly module: string; readonly name: string }): BTreeClass | undefined {
  const module = /^BTrees\.(?:_)?(\w+)BTree$/.exec(cls.module)?.[1];
  if (module === undefined) return undefined;
  const [, name, form] = CLASS_NAME.exec(cls.name) ?? [];
  if (name === undefined) {
    throw new ZodbError("EUNSUPPORTED", `${cls.module}.${cls.name} is a BTree of a kind that is not handled`);
  }
  const set = form === "TreeSet" || form === "Set";
  return { flavour: withKeys(name, set), kind: form === "BTree" || form === "TreeSet" ? "tree" : "bucket" };
}
