import { BelayError } from "@belay/supervise";

import type { ChangeFeed } from "../feed/change-feed.ts";
import { comparePositions, type Position } from "../journal/position.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import type { WorkQueue } from "./queue.ts";

/** What a cursor is looked at with. */
export interface AnchorContext {
  readonly queue: WorkQueue;
  readonly feed: ChangeFeed;
  readonly policy: SyncPolicy;
  /** Id of the secondary's memory. */
  readonly replica: string;
  /** Batches that it has finished. */
  readonly finished: number;
  readonly tree: SourceTree;
  /** Another root is right as it is. */
  readonly isForced?: boolean | undefined;
}

/**
 * Where a worker has to read on in its feed.
 *
 * A cursor counts for the feed's incarnation, the destination (as it was written to, not an older copy of it that was put back) and the rules of
 * what belongs to the replica it was written with. With others the whole tree is put on the queue for comparison; what is left of the journal is read all the same, as it shows the latest changes first. Where
 * other attributes are replicated than before, all are compared.
 *
 * @throws BelayError `EROOTCHANGED` when the root is another directory, unless forced
 */
export function anchorCursor({
  queue,
  feed,
  policy,
  replica,
  finished,
  tree,
  isForced = false,
}: AnchorContext): Position {
  const { rootId, identity: root } = tree;
  const { cursor, anchor } = queue;
  if (anchor !== undefined && anchor.root !== root && !isForced) throw rootChanged();
  const { start, end, incarnation } = feed;
  const isWithin = cursor !== undefined && comparePositions(cursor, start) >= 0 && comparePositions(cursor, end) <= 0;
  const position = isWithin ? cursor : start;
  const now = { incarnation, replica, root, scope: policy.scope, attributes: attributesOf(policy) };
  if (anchor !== undefined && anchor.attributes !== now.attributes) queue.compare.beginWhole(rootId, false);
  const isSame =
    anchor?.incarnation === incarnation &&
    anchor.replica === replica &&
    anchor.root === root &&
    anchor.scope === now.scope &&
    finished >= queue.finished;
  if (isWithin && isSame && anchor.attributes === now.attributes) return position;
  queue.record({ anchor: now, finished, cursor: position, crawl: isWithin && isSame ? [] : [rootId] });
  return position;
}

function attributesOf({ syncXattrs, syncAcls }: SyncPolicy): string {
  return [syncXattrs && "xattrs", syncAcls && "acls"].filter(Boolean).join(" ");
}

const hint = "mount what belongs there; if it is right as it is, set accept-source = true, and the destination follows";

function rootChanged(): BelayError {
  return new BelayError("EROOTCHANGED", "the source is another directory than the one that was replicated", { hint });
}

/** Why a comparison does not go on with an empty root. */
export function rootEmpty(source: string): BelayError {
  return new BelayError("EROOTEMPTY", `${source} is empty, and the destination is not`, { hint });
}
