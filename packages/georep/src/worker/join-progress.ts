import { keyOf, type FileId } from "../ids/file-id.ts";
import type { LookFailure } from "../plan/planner.ts";
import type { CompareProgress } from "./compare-queue.ts";
import type { Progress } from "./queue.ts";

/** What is to be kept when some names are durable at the destination. */
export interface Keep extends Progress {
  /** Directories in one that was compared: to be compared in their turn, if that was not done meanwhile. */
  readonly below?: readonly FileId[];
  /** When the cursor was read, as `performance.now` has it: everything that was changed before is behind it. */
  readonly readAt?: number;
}

/** What became of the names of a batch. */
export interface BatchOutcome {
  /** Directories that are to be compared. */
  readonly crawl: readonly FileId[];
  /** Directories that were made and have not got their contents yet. */
  readonly fresh: readonly FileId[];
  /** Directories that were made, and have got their contents in the same batch. */
  readonly filled: readonly FileId[];
  readonly failures: readonly LookFailure[];
  readonly entries: number;
  readonly bytes: number;
}

/** Puts together what is to be recorded when names are durable: everything that hung on them, and the last cursor. */
export function joinProgress(keeps: readonly Keep[], { crawl, fresh, filled, failures }: BatchOutcome): Progress {
  const cared = new Set([...fresh, ...filled].map(keyOf));
  const below = keeps.flatMap((keep) => keep.below ?? []).filter((id) => !cared.has(keyOf(id)));
  const cursor = keeps.findLast((keep) => keep.cursor !== undefined)?.cursor;
  return {
    ...joinCompared(keeps),
    ...(cursor === undefined ? {} : { cursor }),
    crawl: [...below, ...crawl, ...keeps.flatMap((keep) => keep.crawl ?? [])],
    fresh,
    crawled: keeps.flatMap((keep) => keep.crawled ?? []),
    failed: [...failures, ...keeps.flatMap((keep) => keep.failed ?? [])],
    done: keeps.flatMap((keep) => keep.done ?? []),
    equal: keeps.flatMap((keep) => keep.equal ?? []),
    held: keeps.flatMap((keep) => keep.held ?? []),
    unheld: keeps.flatMap((keep) => keep.unheld ?? []),
  };
}

function joinCompared(keeps: readonly Keep[]): CompareProgress {
  return {
    toCompare: keeps.flatMap((keep) => keep.toCompare ?? []),
    compared: keeps.flatMap((keep) => keep.compared ?? []),
    treesToCompare: keeps.flatMap((keep) => keep.treesToCompare ?? []),
    comparedTree: keeps.findLast((keep) => keep.comparedTree !== undefined)?.comparedTree,
  };
}
