import type { Oid } from "@belay/zodb";
import type { BucketNode, TreeNode } from "../delta/index.ts";
import { malformed } from "../files/states.ts";

/** Loads a node of the table; undefined: absent. */
export type LoadNode = (oid: Oid) => TreeNode | BucketNode | undefined;

/** One chunk of a block. */
export interface Chunk<P> {
  /** Of its first byte, in the block. */
  readonly offset: number;
  readonly oid: Oid;
  /** What the owner found out about it. */
  place: P | undefined;
}

interface Part<P> {
  readonly lo: number;
  readonly hi: number;
  readonly depth: number;
  readonly oid: Oid;
  /** Set when it was looked into: either is empty. */
  inside: { readonly parts: readonly Part<P>[]; readonly chunks: readonly Chunk<P>[] } | undefined;
}

/** A deeper tree is taken for a cycle: at the smallest fan-out, 2^64 keys need no more. */
const MAX_DEPTH = 64;

/**
 * The table of a block's chunks (an IOBTree), loaded as far as it is asked for: to read one page, one path down the tree is enough.
 */
export class ChunkTable<P> {
  readonly #load: LoadNode;
  readonly #root: Part<P>;
  /** Chunks looked at so far. */
  known = 0;

  constructor(load: LoadNode, root: Oid) {
    this.#load = load;
    this.#root = { lo: -Infinity, hi: Infinity, depth: 0, oid: root, inside: undefined };
  }

  /**
   * The chunks that may have bytes in [from, to), in order: those that start there, and the one before.
   *
   * @throws BelayError `EMALFORMED`; errors of the storage
   */
  range(from: number, to: number): Chunk<P>[] {
    const before = this.#last(this.#root, from);
    const found = before === undefined ? [] : [before];
    this.#collect(this.#root, from, to, found);
    return found;
  }

  /** The chunk with the highest offset ≤ `key` in the part. */
  #last(part: Part<P>, key: number): Chunk<P> | undefined {
    if (part.lo > key) return undefined;
    const { parts, chunks } = this.#inside(part);
    for (const inner of parts.toReversed()) {
      const found = this.#last(inner, key);
      if (found !== undefined) return found;
    }
    return chunks.findLast((chunk) => chunk.offset <= key);
  }

  /** Appends the chunks with from < offset < to. */
  #collect(part: Part<P>, from: number, to: number, found: Chunk<P>[]): void {
    if (part.hi <= from || part.lo >= to) return;
    const { parts, chunks } = this.#inside(part);
    for (const inner of parts) this.#collect(inner, from, to, found);
    for (const chunk of chunks) if (chunk.offset > from && chunk.offset < to) found.push(chunk);
  }

  #inside(part: Part<P>): NonNullable<Part<P>["inside"]> {
    if (part.inside !== undefined) return part.inside;
    const node = this.#load(part.oid);
    if (node === undefined || part.depth > MAX_DEPTH) throw malformed("table of chunks");
    const bucket = node.kind === "bucket" ? node : node.embedded;
    return (part.inside =
      bucket === undefined
        ? { parts: partsOf(part, node as TreeNode), chunks: [] }
        : { parts: [], chunks: this.#chunksOf(part, bucket) });
  }

  #chunksOf(part: Part<P>, bucket: BucketNode): Chunk<P>[] {
    const { keys, values } = bucket;
    if ((keys[0] ?? 0) < 0 || (keys[0] ?? part.lo) < part.lo || (keys.at(-1) ?? -Infinity) >= part.hi) {
      throw malformed("table of chunks");
    }
    this.known += keys.length;
    return keys.map((offset, i) => chunkOf(offset, values[i]));
  }
}

function chunkOf<P>(offset: number, oid: Oid | undefined): Chunk<P> {
  if (oid === undefined) throw malformed("table of chunks");
  return { offset, oid, place: undefined };
}

function partsOf<P>(part: Part<P>, tree: TreeNode): Part<P>[] {
  return tree.children.map((oid, i) => ({
    lo: Math.max(part.lo, tree.separators[i - 1] ?? -Infinity),
    hi: Math.min(part.hi, tree.separators[i] ?? Infinity),
    depth: part.depth + 1,
    oid,
    inside: undefined,
  }));
}
