/** What is known of a block that keeps changing. */
interface Heat {
  /** What READs have cost since the last change, in bytes copied. */
  read: number;
  /** Changes to push before one is left to the readers, to see whether there are any. */
  credit: number;
  /** What the last proof that there are readers was worth. */
  trust: number;
  /** The last change was left to the readers. */
  isProbing: boolean;
}

/** What a READ costs besides copying its bytes, in bytes copied: its reader waits, and the serving thread is woken. */
const REQUEST = 64 << 10;

/** Pushed in a row at most: so many are in vain when the readers leave. */
const MOST = 15;

/** Blocks remembered. When more change, none of them is hot: what is known is forgotten. */
const LIMIT = 1024;

/**
 * Finds out which blocks are read again after each change, as long as commits come fast.
 *
 * Such a block's new bytes are worth being put into the kernel's cache in the place of the old ones at once: readers would ask for them
 * anyway, and all would wait. But who reads from the cache is not seen. So now and then a change is only invalidated: READs after it that
 * cost as much as a push prove that the block is still read, and each proof is trusted for longer than the one before.
 */
export class HotBlocks<F> {
  readonly #heats = new Map<F, Map<number, Heat>>();
  #size = 0;

  /** A READ of part of a block was answered. */
  noteRead(file: F, blk: number, bytes: number): void {
    const heat = this.#heats.get(file)?.get(blk);
    if (heat !== undefined) heat.read += REQUEST + bytes;
  }

  /** The block has changed. @returns whether to push its new bytes */
  changed(file: F, blk: number, blksize: number): boolean {
    const heat = this.#find(file, blk);
    const { read } = heat;
    heat.read = 0;
    if (heat.isProbing) judge(heat, read >= blksize);
    heat.isProbing = heat.credit === 0;
    if (heat.isProbing) return false;
    heat.credit--;
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    this.#heats.clear();
    this.#size = 0;
  }

  #find(file: F, blk: number): Heat {
    const known = this.#heats.get(file)?.get(blk);
    if (known !== undefined) return known;
    if (this.#size >= LIMIT) this.clear();
    this.#size++;
    let ofFile = this.#heats.get(file);
    if (ofFile === undefined) this.#heats.set(file, (ofFile = new Map<number, Heat>()));
    const heat = { read: 0, credit: 0, trust: 0, isProbing: false };
    ofFile.set(blk, heat);
    return heat;
  }
}

function judge(heat: Heat, isRead: boolean): void {
  heat.trust = isRead ? Math.min(2 * heat.trust + 1, MOST) : 0;
  heat.credit = heat.trust;
}
