import { BugError } from "@belay/supervise";
import type { Tid } from "@belay/zodb";
import { MappedRange } from "./mapped-range.ts";
import type { BlockRange, Layout, Orders } from "./messages.ts";
import type { RevisionCache } from "./revision-cache.ts";

/**
 * A watched file: which of its blocks are shown as of an earlier revision than head's, and the memory that shows them.
 *
 * Whatever the server asks for is done before it is answered, also for mappings that come later.
 */
export class PinnedFile implements Disposable {
  readonly #headFd: number;
  readonly #blksize: number;
  readonly #version: Int32Array;
  readonly #revisions: RevisionCache;
  readonly #pinned = new Map<number, Tid>();
  readonly #mappings = new Map<number, MappedRange>();
  #headSize: number;

  constructor(args: Orders["open"]["args"], revisions: RevisionCache) {
    this.#headFd = args.headFd;
    this.#blksize = args.blksize;
    this.#headSize = args.headSize;
    this.#version = args.version;
    this.#revisions = revisions;
  }

  /** Shows a block as of a revision, or of head. @throws ErrnoError, BugError */
  pin(blk: number, rev: Tid | undefined): void {
    for (const mapping of this.#mappings.values()) if (mapping.covers(blk)) this.#show(mapping, blk, rev);
    if (rev === undefined) this.#pinned.delete(blk);
    else this.#pinned.set(blk, rev);
    this.#changed();
  }

  /** Shows blocks in memory that is all zeros. */
  map({ mapping, address, range, faulted }: Orders["map"]["args"]): void {
    const mapped = new MappedRange(address, range, this.#blksize, faulted);
    mapped.show({ start: range.start, stop: this.#headBlocks }, this.#headFd);
    for (const [blk, rev] of this.#pinnedIn(range)) this.#show(mapped, blk, rev);
    this.#mappings.set(mapping, mapped);
  }

  unmap(mapping: number): void {
    this.#mappings.get(mapping)?.fault();
    this.#mappings.delete(mapping);
  }

  /**
   * The end moves: what lies between was zeros before.
   *
   * Blocks that are pinned there stay as they are: the server does not ask again for what it has been granted.
   */
  grow(headSize: number): void {
    const grown = { start: this.#headBlocks, stop: headSize / this.#blksize };
    this.#headSize = headSize;
    this.#changed();
    for (const mapping of this.#mappings.values()) {
      const range = overlap(grown, mapping.blocks);
      let { start } = range;
      for (const [blk] of this.#pinnedIn(range).sort(([a], [b]) => a - b)) {
        mapping.show({ start, stop: blk }, this.#headFd);
        start = blk + 1;
      }
      mapping.show({ start, stop: range.stop }, this.#headFd);
    }
  }

  layout(range: BlockRange): Layout {
    return {
      version: Atomics.load(this.#version, 0),
      headSize: this.#headSize,
      pinned: this.#pinnedIn(range),
    };
  }

  /** All mappings read zeros from now on. */
  fault(): void {
    for (const mapping of this.#mappings.values()) mapping.fault();
    this.#mappings.clear();
  }

  [Symbol.dispose](): void {
    this.fault();
    this.#revisions[Symbol.dispose]();
  }

  get #headBlocks(): number {
    return this.#headSize / this.#blksize;
  }

  #show(mapping: MappedRange, blk: number, rev: Tid | undefined): void {
    const { fd, size } = rev === undefined ? { fd: this.#headFd, size: this.#headSize } : this.#revision(rev);
    mapping.show({ start: blk, stop: blk + 1 }, (blk + 1) * this.#blksize > size ? undefined : fd);
  }

  #revision(rev: Tid): { readonly fd: number; readonly size: number } {
    const revision = this.#revisions.get(rev);
    if (revision.blksize !== this.#blksize)
      throw new BugError(`wcfs bug: blksize changed: ${this.#blksize} -> ${revision.blksize}`);
    return revision;
  }

  #pinnedIn(range: BlockRange): [number, Tid][] {
    const length = range.stop - range.start;
    if (length > this.#pinned.size) return [...this.#pinned].filter(([blk]) => blk >= range.start && blk < range.stop);
    const found: [number, Tid][] = [];
    for (let blk = range.start; blk < range.stop; blk++) {
      const rev = this.#pinned.get(blk);
      if (rev !== undefined) found.push([blk, rev]);
    }
    return found;
  }

  #changed(): void {
    Atomics.add(this.#version, 0, 1);
  }
}

function overlap(a: BlockRange, b: BlockRange): BlockRange {
  return { start: Math.max(a.start, b.start), stop: Math.min(a.stop, b.stop) };
}
