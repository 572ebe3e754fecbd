import { keyOf } from "../ids/file-id.ts";
import type { ApplyRequest, EntryChange, ObjectChange } from "../rpc/messages.ts";
import { isRegular } from "../tree/object-state.ts";
import { hasId, statAt } from "../tree/read-object.ts";
import { ownAttributes } from "./unreplicated.ts";
import { aside, inHeld, isPlain, learnBirth, makeAside } from "./aside-file.ts";
import { type Batch } from "./batch.ts";
import type { Rest } from "./make-at-once.ts";
import { ctimeOf, nothing, wholeContent } from "./new-file.ts";
import type { MappedObject } from "./map-rows.ts";
import { Parents } from "./parents.ts";
import { putOver } from "./put-over.ts";

/**
 * Puts a whole new file in the place of one that is known, has one name, stands there, and whose content has changed: most of what programs do
 * that save their files. A reader finds the old content or the new one. As {@link makeAtOnce}, what is not so plain goes the general way.
 *
 * Only with its name: then its directory is told, too, whose mtime has to be set again.
 */
export function replaceAtOnce(batch: Batch, { objects }: ApplyRequest, { entries, isDone }: Rest): Rest {
  if (batch.session.rules.ignoreDeletes) return { entries, isDone };
  const named = namedOnce(entries, objects.length);
  const replaced = new Set<number>();
  const parents = new Parents(batch);
  for (const [index, entry] of named) {
    const change = objects[index];
    if (change === undefined || isDone(index) || !mayReplace(batch, change)) continue;
    const dirfd = parents.open(entry.parent);
    if (dirfd === undefined || !replace(batch, dirfd, entry, change)) continue;
    replaced.add(index);
  }
  if (replaced.size === 0) return { entries, isDone };
  return {
    entries: entries.filter(({ object }) => object === undefined || !replaced.has(object)),
    isDone: (index) => isDone(index) || replaced.has(index),
  };
}

/** The entry of each object that has just one. */
function namedOnce(entries: readonly EntryChange[], objects: number): Map<number, EntryChange> {
  const counts = new Uint32Array(objects);
  for (const { object } of entries) if (object !== undefined) counts[object] = (counts[object] ?? 0) + 1;
  const once = entries.flatMap((entry): [number, EntryChange][] =>
    entry.object !== undefined && counts[entry.object] === 1 ? [[entry.object, entry]] : [],
  );
  return new Map(once);
}

function mayReplace(batch: Batch, change: ObjectChange): boolean {
  if (change.content !== "changed" || !isRegular(change.mode) || change.nlink !== 1) return false;
  const key = keyOf(change.id);
  if (batch.session.held.has(key)) return false;
  return ![batch.incomplete, batch.lacking, batch.adopted, batch.streams, batch.spared].some((all) => all.has(key));
}

function replace(batch: Batch, dirfd: number, { parent, name }: EntryChange, change: ObjectChange): boolean {
  const { session } = batch;
  const { map } = session;
  const known = map.get(change.id);
  if (known === undefined || !isRegular(known.mode)) return false;
  const names = map.namesOf(change.id);
  if (names.length !== 1 || names[0]?.parent.equals(parent) !== true || !names[0].name.equals(name)) return false;
  const birth = (batch.birth ??= learnBirth(batch));
  if (birth?.isBare !== true || !isPlain(birth, change) || !standsAlone(dirfd, name, known)) return false;
  if (ownAttributes(session, dirfd, name).length > 0) return false;
  const isMade = makeAside(inHeld(batch), birth, change, wholeContent(change) ?? nothing, (fd, here) => {
    putOver(session, aside, { dirfd, name, here: known.here }, { fd, here });
    const { id, mode, size, mtime, ctime, settled } = change;
    const hereCtime = ctimeOf(batch, fd, change);
    map.put({ id, here, mode, size, mtime, ctime: settled ? ctime : 0n, hereCtime });
    return true;
  });
  if (isMade) batch.changes.delete(keyOf(change.id)); // what was said of it before counts no more
  return isMade;
}

/** Tells whether a name stands for what we know it to, and no other name does. */
function standsAlone(dirfd: number, name: Buffer, { here }: MappedObject): boolean {
  const stat = statAt(dirfd, name);
  return stat?.nlink === 1 && isRegular(stat.mode) && hasId(dirfd, name, here);
}
