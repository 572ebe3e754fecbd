/** What commits do to a file: texts of blocks; undefined: there is no such block any more. */
export type BlockChanges = ReadonlyMap<number, string | undefined>;

/** All contents of one file, by brute force: the blocks after each commit. */
export class FileModel {
  readonly #states: { readonly tid: string; readonly blocks: ReadonlyMap<number, string> }[];

  constructor(tid: string) {
    this.#states = [{ tid, blocks: new Map() }];
  }

  commit(tid: string, changes: BlockChanges): void {
    const blocks = new Map(this.#states.at(-1)?.blocks);
    for (const [blk, text] of changes) {
      if (text === undefined) blocks.delete(blk);
      else blocks.set(blk, text);
    }
    this.#states.push({ tid, blocks });
  }

  /** The lines a viewer prints when it sees the file as of that moment. */
  at(at: string): string {
    const blocks = this.#blocksAt(at);
    const count = Math.max(-1, ...blocks.keys()) + 1;
    return Array.from({ length: count }, (_, blk) => `${blk}=${blocks.get(blk) ?? ""}`).join(" ");
  }

  #blocksAt(at: string): ReadonlyMap<number, string> {
    let [low, high] = [0, this.#states.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#states[middle]?.tid ?? "") <= at) low = middle + 1;
      else high = middle;
    }
    return this.#states[low - 1]?.blocks ?? new Map<number, string>();
  }
}
