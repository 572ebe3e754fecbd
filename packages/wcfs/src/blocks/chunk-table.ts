import type { Oid } from "@belay/zodb";
import type { BucketNode, TreeNode } from "../delta/index.ts";
import { malformed } from "../files/states.ts";
import { Chunks } from "./chunks.ts";

/** Loads a node of the table; undefined: absent. */
export type LoadNode = (oid: Oid) => TreeNode | BucketNode | undefined;

/** Some of the chunks that one node of the table holds: those from `first` on, up to `end`. */
export interface ChunkRun {
  readonly chunks: Chunks;
  readonly first: number;
  readonly end: number;
}

interface Part {
  readonly lo: number;
  readonly hi: number;
  readonly depth: number;
  readonly oid: Oid;
  /** Set when it was looked into: either is empty. */
  inside: { readonly parts: readonly Part[]; readonly chunks: Chunks } | undefined;
}

/** A deeper tree is taken for a cycle: at the smallest fan-out, 2^64 keys need no more. */
const MAX_DEPTH = 64;

/**
 * The table of a block's chunks (an IOBTree), loaded as far as it is asked for: to read one page, one path down the tree is enough.
 */
export class ChunkTable {
  readonly #load: LoadNode;
  readonly #root: Part;
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
  range(from: number, to: number): ChunkRun[] {
    const found: ChunkRun[] = [];
    this.#last(this.#root, from, found);
    this.#collect(this.#root, from, to, found);
    return found;
  }

  /** Appends the chunk with the highest offset ≤ `key` in the part. @returns false when there is none */
  #last(part: Part, key: number, found: ChunkRun[]): boolean {
    if (part.lo > key) return false;
    const { parts, chunks } = this.#inside(part);
    if (parts.findLast((inner) => this.#last(inner, key, found)) !== undefined) return true;
    const end = chunks.after(key);
    if (end > 0) found.push({ chunks, first: end - 1, end });
    return end > 0;
  }

  /** Appends the chunks with from < offset < to. */
  #collect(part: Part, from: number, to: number, found: ChunkRun[]): void {
    if (part.hi <= from || part.lo >= to) return;
    const { parts, chunks } = this.#inside(part);
    for (const inner of parts) this.#collect(inner, from, to, found);
    const first = chunks.after(from);
    const end = chunks.after(to - 1);
    if (first < end) found.push({ chunks, first, end });
  }

  #inside(part: Part): NonNullable<Part["inside"]> {
    if (part.inside !== undefined) return part.inside;
    const node = this.#load(part.oid);
    if (node === undefined || part.depth > MAX_DEPTH) throw malformed("table of chunks");
    const bucket = node.kind === "bucket" ? node : node.embedded;
    return (part.inside =
      bucket === undefined
        ? { parts: partsOf(part, node as TreeNode), chunks: Chunks.none }
        : { parts: [], chunks: this.#chunksOf(part, bucket) });
  }

  #chunksOf(part: Part, { keys, values }: BucketNode): Chunks {
    if ((keys[0] ?? 0) < 0 || (keys[0] ?? part.lo) < part.lo || (keys.at(-1) ?? -Infinity) >= part.hi) {
      throw malformed("table of chunks");
    }
    if (keys.length !== values.length) throw malformed("table of chunks");
    this.known += keys.length;
    return new Chunks(keys, values);
  }
}

function partsOf(part: Part, tree: TreeNode): Part[] {
  return tree.children.map((oid, i) => ({
    lo: Math.max(part.lo, tree.separators[i - 1] ?? -Infinity),
    hi: Math.min(part.hi, tree.separators[i] ?? Infinity),
    depth: part.depth + 1,
    oid,
    inside: undefined,
  }));
}
