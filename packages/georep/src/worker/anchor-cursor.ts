import { BelayError } from "@belay/supervise";

import type { ChangeFeed } from "../feed/change-feed.ts";
import { comparePositions, type Position } from "../journal/position.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import type { WorkQueue } from "./queue.ts";

/**
 * Where a worker has to read on in its feed.
 *
 * A cursor counts for the feed's incarnation and the destination it was written with. With another one the whole tree is put on the queue for
 * comparison; what is left of the journal is read all the same, as it shows the latest changes first.
 *
 * @throws BelayError `EROOTCHANGED` when the root is another directory, unless forced
 */
export function anchorCursor(
  queue: WorkQueue,
  feed: ChangeFeed,
  replica: string,
  { rootId, identity: root }: SourceTree,
  isForced = false,
): Position {
  const { cursor, anchor } = queue;
  if (anchor !== undefined && anchor.root !== root && !isForced) throw rootChanged();
  const { start, end, incarnation } = feed;
  const isWithin = cursor !== undefined && comparePositions(cursor, start) >= 0 && comparePositions(cursor, end) <= 0;
  const position = isWithin ? cursor : start;
  const isSame = anchor?.incarnation === incarnation && anchor.replica === replica && anchor.root === root;
  if (!isWithin || !isSame) queue.record({ anchor: { incarnation, replica, root }, cursor: position, crawl: [rootId] });
  return position;
}

const hint = "mount what belongs there; if it is right as it is, set accept-source = true, and the destination follows";

function rootChanged(): BelayError {
  return new BelayError("EROOTCHANGED", "the source is another directory than the one that was replicated", { hint });
}

/** Why a comparison does not go on with an empty root. */
export function rootEmpty(source: string): BelayError {
  return new BelayError("EROOTEMPTY", `${source} is empty, and the destination is not`, { hint });
}
