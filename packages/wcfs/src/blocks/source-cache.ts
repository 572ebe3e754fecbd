import type { BlockSource } from "./source.ts";

interface Entry {
  readonly owner: SourceTable;
  readonly blk: number;
  readonly source: BlockSource;
  weight: number;
}

/**
 * Sources of the blocks of all files, least recently used last, within a budget of memory.
 *
 * Forgetting one is always safe: it is made anew from the database.
 */
export class SourceCache {
  readonly #budget: number;
  /** In order of use, oldest first. */
  readonly #entries = new Set<Entry>();
  #weight = 0;

  /** @param budget bytes of the heap, roughly */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Bytes of the heap in use, roughly. */
  get weight(): number {
    return this.#weight;
  }

  /** Forgets everything. */
  clear(): void {
    for (const entry of this.#entries) entry.owner.forget(entry.blk);
  }

  /** A place for the sources of one file. */
  table(): SourceTable {
    return new SourceTable(this);
  }

  /** @internal for SourceTable */
  insert(entry: Entry): void {
    this.#entries.add(entry);
    this.#weight += entry.weight;
    this.#shrink(entry);
  }

  /** @internal for SourceTable: the entry was used, and may have grown. */
  touch(entry: Entry): void {
    this.#weight += entry.source.weight - entry.weight;
    entry.weight = entry.source.weight;
    this.#entries.delete(entry);
    this.#entries.add(entry);
    this.#shrink(entry);
  }

  /** @internal for SourceTable */
  remove(entry: Entry): void {
    if (this.#entries.delete(entry)) this.#weight -= entry.weight;
  }

  #shrink(keep: Entry): void {
    for (const entry of this.#entries) {
      if (this.#weight <= this.#budget || entry === keep) return;
      entry.owner.forget(entry.blk);
    }
  }
}

/** The known sources of one file's blocks. */
export class SourceTable {
  readonly #cache: SourceCache;
  readonly #byBlock = new Map<number, Entry>();

  constructor(cache: SourceCache) {
    this.#cache = cache;
  }

  get(blk: number): BlockSource | undefined {
    const entry = this.#byBlock.get(blk);
    if (entry === undefined) return undefined;
    this.#cache.touch(entry);
    return entry.source;
  }

  /** As get, without counting as a use. */
  peek(blk: number): BlockSource | undefined {
    return this.#byBlock.get(blk)?.source;
  }

  set(blk: number, source: BlockSource): void {
    this.forget(blk);
    const entry = { owner: this, blk, source, weight: source.weight };
    this.#byBlock.set(blk, entry);
    this.#cache.insert(entry);
  }

  forget(blk: number): void {
    const entry = this.#byBlock.get(blk);
    if (entry === undefined) return;
    this.#byBlock.delete(blk);
    this.#cache.remove(entry);
  }

  clear(): void {
    for (const blk of [...this.#byBlock.keys()]) this.forget(blk);
  }
}
