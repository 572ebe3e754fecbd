import type { BigFile } from "../files/big-file.ts";
import type { HeadChange, HeadFileChange } from "../files/head-files.ts";
import { HotBlocks } from "./hot-blocks.ts";
import type { StoreJob } from "./kernel-cache.ts";

/** Bytes pushed for one span of commits at most: they hold up showing it. */
const PUSH_LIMIT = 2 << 20;

/** Bytes of a page. A block that does not end with one shares it with the next. */
const PAGE = 4096;

/** Changed blocks that are to be cached at once, by file and number. */
export type FreshJobs = ReadonlyMap<BigFile, ReadonlyMap<number, StoreJob>>;

/**
 * Chooses, while commits come fast, the changed blocks whose new bytes are pushed into the kernel's cache.
 *
 * What is pushed no READ asks for, and so the isolation gate does not see it: nothing of a file that somebody watches is. Whoever begins
 * to watch it later is told of all that has changed up to the data head, which is what is pushed.
 */
export class FreshBlocks {
  readonly #isWatched: (file: BigFile) => boolean;
  readonly #hot = new HotBlocks<BigFile>();
  #count = 0;

  /** @param isWatched whether somebody looks at the file as of a moment before head */
  constructor(isWatched: (file: BigFile) => boolean) {
    this.#isWatched = isWatched;
  }

  /** Blocks chosen so far. */
  get count(): number {
    return this.#count;
  }

  /** A read of a file was answered. */
  noteRead(file: BigFile, offset: number, length: number): void {
    if (file.space.rev !== undefined) return;
    const { blksize } = file;
    const last = Math.floor((offset + length - 1) / blksize);
    for (let blk = Math.floor(offset / blksize); blk <= last; blk++) {
      const bytes = Math.min(offset + length, (blk + 1) * blksize) - Math.max(offset, blk * blksize);
      this.#hot.noteRead(file, blk, bytes);
    }
  }

  /** What to push of a change that reads see already. */
  of(change: HeadChange): FreshJobs {
    const jobs = new Map<BigFile, Map<number, StoreJob>>();
    let left = PUSH_LIMIT;
    for (const changed of change.files) {
      if (!this.#mayPush(changed)) continue;
      const { file } = changed;
      const ofFile = new Map<number, StoreJob>();
      jobs.set(file, ofFile);
      for (const blk of changed.blocks.keys()) {
        const isHot = this.#hot.changed(file, blk, file.blksize);
        const job = isHot && file.blksize <= left ? storeJob(file, blk) : undefined;
        if (job === undefined) continue;
        left -= job.length;
        this.#count++;
        ofFile.set(blk, job);
      }
    }
    return jobs;
  }

  /** Commits do not come fast any more. */
  rest(): void {
    this.#hot.clear();
  }

  // To store past the end that the kernel knows would move it.
  #mayPush({ file, oldSize }: HeadFileChange): boolean {
    return oldSize === undefined && file.blksize % PAGE === 0 && !this.#isWatched(file);
  }
}

// A block that is damaged is left to its readers, who are told so.
function storeJob(file: BigFile, blk: number): StoreJob | undefined {
  const offset = blk * file.blksize;
  const length = Math.min(file.blksize, file.dataSize - offset);
  if (length <= 0) return undefined;
  try {
    return { offset, length, pieces: file.space.source(file, blk).pieces() };
  } catch {
    return undefined;
  }
}
