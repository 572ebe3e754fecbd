import type { ChangeFeed } from "../feed/change-feed.ts";
import type { Position } from "../journal/position.ts";
import type { Ends } from "../plan/ends.ts";
import type { WorkQueue } from "./queue.ts";

/** What a running worker works with. */
export interface Parts extends Ends {
  readonly queue: WorkQueue;
  readonly feed: ChangeFeed;
  /** Where to read on. */
  readonly position: Position;
  /** All of the above, to be let go of when the worker ends. */
  readonly owned: AsyncDisposable;
}
