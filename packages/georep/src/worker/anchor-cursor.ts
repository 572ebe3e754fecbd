import type { ChangeFeed } from "../feed/change-feed.ts";
import type { FileId } from "../ids/file-id.ts";
import { comparePositions, type Position } from "../journal/position.ts";
import type { WorkQueue } from "./queue.ts";

/**
 * Where a worker has to read on in its feed.
 *
 * A cursor counts for the feed's incarnation and the destination it was written with. With another one the whole tree is put on the queue for
 * comparison; what is left of the journal is read all the same, as it shows the latest changes first.
 */
export function anchorCursor(queue: WorkQueue, feed: ChangeFeed, replica: string, rootId: FileId): Position {
  const { cursor, anchor } = queue;
  const { start, end, incarnation } = feed;
  const isWithin = cursor !== undefined && comparePositions(cursor, start) >= 0 && comparePositions(cursor, end) <= 0;
  const position = isWithin ? cursor : start;
  if (isWithin && anchor?.incarnation === incarnation && anchor.replica === replica) return position;
  queue.record({ anchor: { incarnation, replica }, cursor: position, crawl: [rootId] });
  return position;
}
