import type { ChangeFeed } from "../feed/change-feed.ts";
import { keyOf, type FileId } from "../ids/file-id.ts";
import { comparePositions, type Position } from "../journal/position.ts";
import { dirty } from "../journal/record.ts";
import { DirtySet, type DirtyName } from "../plan/dirty-set.ts";
import type { SourceTree } from "../sources/source-tree.ts";

/** Most names that are made durable together, more or less. */
export const mostNames = 4000;

/** As many are made durable together where directories that were made just now are filled: those that are left have to be looked for again. */
export const mostFilled = 16_000;

/** What the feed told of. */
export interface Taken {
  readonly names: DirtyName[];
  readonly gaps: FileId[];
  /** Behind it. */
  readonly next: Position;
}

/** Takes what the feed has to tell from a position on, {@link mostNames} or a few more at most. */
export function takeFrom(
  { feed, tree }: { readonly feed: ChangeFeed; readonly tree: SourceTree },
  from: Position,
): Taken {
  const set = new DirtySet();
  const gaps = new Map<string, FileId>();
  let next = from;
  while (set.size < mostNames) {
    const { records, next: after } = feed.read(next);
    next = after;
    if (records.length === 0) break;
    for (const record of records)
      if ((record.kinds & dirty.gap) === 0) set.add(record);
      else gaps.set(keyOf(record.directory), Buffer.from(record.directory));
  }
  // One without a directory: records were lost.
  const directories = [...gaps.values()].map((id) => (id.length === 0 ? tree.rootId : id));
  return { names: set.names(), gaps: directories, next };
}

/** Keys of what the feed has still to tell: names, and objects, whatever they are called. What differs of these was changed just now, and comes by itself. */
export async function pendingNames(feed: ChangeFeed, from: Position): Promise<ReadonlySet<string>> {
  const end = await feed.drain();
  const pending = new Set<string>();
  for (let at = from; comparePositions(at, end) < 0;) {
    const { records, next } = feed.read(at);
    for (const { directory, name, object } of records)
      pending.add(nameKey(directory, name)).add(keyOf(directory)).add(keyOf(object));
    if (records.length === 0) break;
    at = next;
  }
  return pending;
}

/** A name in a directory as a key. */
export const nameKey = (directory: FileId, name: Buffer): string => `${keyOf(directory)}/${keyOf(name)}`;
