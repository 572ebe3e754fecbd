import type { Invalidation, Tid } from "@belay/zodb";
import { formatOid, formatTid } from "@belay/zodb";
import type { HeadChange, HeadFileChange, HeadFiles } from "../files/head-files.ts";
import type { BigFile } from "../files/big-file.ts";
import type { BlockSource } from "../blocks/source.ts";
import { CommitRate } from "./commit-rate.ts";
import { FreshBlocks } from "./fresh-blocks.ts";
import type { FreshJobs } from "./fresh-blocks.ts";
import type { ChangedRange, CommitJob, FileRange, KernelCache, OldBlock } from "./kernel-cache.ts";

/** More changed blocks than this in one commit, and none of the old ones is kept: the next commit must not wait. */
const KEEP_LIMIT = 64;

/** What following the database needs. */
export interface FollowerParts {
  readonly head: HeadFiles;
  readonly cache: KernelCache;
  /** Takes in what others committed. @throws when the storage fails */
  poll(): Invalidation[];
  /** Commits are about to be taken in: nothing may be put into the kernel's cache until `resume`. */
  pauseUploads(): void;
  resumeUploads(): void;
  /** Commits were taken in. */
  onTaken(change: HeadChange): void;
  /** Whether somebody looks at the file as of a moment before head. */
  isWatched(file: BigFile): boolean;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Block changed under head. */
  onChanged(file: BigFile, blk: number): void;
  /** Head shows the commit now. */
  onShown(tid: Tid): void;
  /** Following has failed: what the kernel has cached can no longer be trusted. */
  onFailed(error: unknown): void;
}

interface OldRange extends FileRange {
  readonly file: BigFile;
  readonly blk: number;
  readonly source: BlockSource;
}

/** Blocks to be kept under their revision, by file and number. */
type OldBlocks = ReadonlyMap<BigFile, ReadonlyMap<number, OldBlock>>;

/**
 * Follows the database: takes commits in, has the kernel forget what they changed, then shows them.
 *
 * One span of commits at a time. While the kernel is being told, the data head is ahead of the shown one, and what is committed
 * meanwhile waits and becomes one span itself. While commits come fast, old blocks are not kept, and new ones that are sure to be read are
 * put into the cache at once.
 */
export class CommitFollower {
  readonly #parts: FollowerParts;
  readonly #rate = new CommitRate();
  readonly #fresh: FreshBlocks;
  #queue: Invalidation[] = [];
  #busy = false;
  #isStorm = false;
  #failed = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#fresh = new FreshBlocks((file) => parts.isWatched(file));
  }

  /** Whether commits come fast: those of a moment are best taken in together. */
  get isStorm(): boolean {
    return this.#isStorm;
  }

  /** Changed blocks pushed into the cache so far. */
  get pushed(): number {
    return this.#fresh.count;
  }

  /** Commits taken in or waiting that are not shown yet. */
  get behind(): boolean {
    return this.#busy || this.#queue.length > 0;
  }

  /** The storage may have something new. */
  pump(): void {
    if (this.#failed) return;
    this.#guard(() => {
      const events = this.#parts.poll();
      this.#noteRate(events.length);
      this.#queue.push(...events);
      this.#next();
    });
  }

  /** A read of a file was answered. */
  noteRead(file: BigFile, offset: number, length: number): void {
    if (this.#isStorm) this.#fresh.noteRead(file, offset, length);
  }

  #next(): void {
    if (!this.#busy && this.#queue.length > 0) this.#begin();
  }

  #noteRate(commits: number): void {
    const now = this.#parts.now();
    this.#rate.note(commits, now);
    const isStorm = this.#rate.isHigh(now);
    if (this.#isStorm && !isStorm) this.#fresh.rest();
    this.#isStorm = isStorm;
  }

  // A store that runs carries what the block was when it was asked for. It would write it over pages that readers have already got new,
  // so it has to be over before the first of them does.
  #begin(): void {
    this.#busy = true;
    this.#parts.pauseUploads();
    this.#parts.cache.quiesce(() => this.#guard(() => this.#take(this.#queue.splice(0))));
  }

  #take(events: readonly Invalidation[]): void {
    const change = this.#parts.head.take(events);
    this.#parts.onTaken(change);
    for (const { file, blocks } of change.files) for (const blk of blocks.keys()) this.#parts.onChanged(file, blk);
    if (this.#isStorm) return this.#invalidate(change, new Map(), this.#fresh.of(change));
    const old = events.length === 1 ? oldRanges(change) : [];
    if (old.length === 0 || old.length > KEEP_LIMIT) return this.#invalidate(change, new Map());
    this.#parts.cache.findCached(old, (cached) =>
      this.#guard(() =>
        this.#invalidate(
          change,
          this.#toKeep(
            change,
            old.filter((_, i) => cached[i]),
          ),
        ),
      ),
    );
  }

  #invalidate(change: HeadChange, keep: OldBlocks, fresh: FreshJobs = new Map()): void {
    const job = jobOf(change, keep, fresh);
    if (job.ranges.length === 0 && job.attributes.length === 0) return this.#show(change);
    this.#parts.cache.invalidate(job, (error) =>
      this.#guard(() => {
        if (error !== undefined) throw error;
        this.#show(change);
      }),
    );
  }

  #show(change: HeadChange): void {
    for (const tid of change.tids) {
      this.#parts.head.show(change, tid);
      this.#parts.onShown(tid);
    }
    this.#busy = false;
    this.#next();
    if (!this.behind) this.#parts.resumeUploads();
  }

  // Commits are already waiting: they are more urgent than what is only nice to have.
  #toKeep(change: HeadChange, ranges: readonly OldRange[]): OldBlocks {
    const kept = new Map<BigFile, Map<number, OldBlock>>();
    if (this.#queue.length > 0) return kept;
    for (const { file, blk, source, offset, length } of ranges) {
      const { rev } = this.#parts.head.history.blkRevAt(file.oid, blk, change.from);
      const path = `@${formatTid(rev)}/bigfile/${formatOid(file.oid)}`;
      const ofFile = kept.get(file) ?? new Map<number, OldBlock>();
      kept.set(file, ofFile.set(blk, { path, offset, length, pieces: source.pieces() }));
    }
    return kept;
  }

  #guard(step: () => void): void {
    if (this.#failed) return;
    try {
      step();
    } catch (error) {
      this.#failed = true;
      this.#parts.onFailed(error);
    }
  }
}

/** The changed blocks whose bytes before are known, as far as the file reached then. */
function oldRanges(change: HeadChange): OldRange[] {
  return change.files.flatMap(({ file, blocks, oldSize = file.size }) =>
    [...blocks].flatMap(([blk, source]) => {
      const offset = blk * file.blksize;
      const length = Math.min(file.blksize, oldSize - offset);
      return source === undefined || length <= 0 ? [] : [{ node: file.id, file, blk, source, offset, length }];
    }),
  );
}

function jobOf(change: HeadChange, keep: OldBlocks, fresh: FreshJobs): CommitJob {
  const ranges = change.files.flatMap((changed): ChangedRange[] => [
    ...[...changed.blocks.keys()].map((blk) => ({
      ...rangeOf(changed.file, blk),
      old: keep.get(changed.file)?.get(blk),
      fresh: fresh.get(changed.file)?.get(blk),
    })),
    ...cutPage(changed),
  ]);
  const attributes = change.files.filter(({ oldSize }) => oldSize !== undefined).map(({ file }) => file.id);
  return { ranges, attributes };
}

function rangeOf(file: BigFile, blk: number): FileRange {
  return { node: file.id, offset: blk * file.blksize, length: file.blksize };
}

// The page the old end lay in is cached with zeros behind it; blocks need not begin with a page.
function cutPage({ file, oldSize }: HeadFileChange): ChangedRange[] {
  return oldSize === undefined || oldSize % 4096 === 0 ? [] : [{ node: file.id, offset: oldSize, length: 1 }];
}
