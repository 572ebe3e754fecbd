import type { ApplyRequest, EntryChange, ObjectChange } from "../rpc/messages.ts";
import { placeOf, type Batch } from "./batch.ts";
import { maxObjects } from "../rpc/messages.ts";
import { isRegular } from "../tree/object-state.ts";

/**
 * Notes the other names of what was changed through a name that now stands for something else, or nothing: the source may not be able to look at it
 * any more but under one of them. The map is asked, not the file system, so that a batch that is done again, or was cut off, tells the same.
 */
export function noteOtherNames({ session, others }: Batch, entry: EntryChange, change: ObjectChange | undefined): void {
  const { parent, name } = entry;
  const [before] = session.map.children(parent, name, name);
  if (before === undefined || change?.id.equals(before.object.id) === true) return;
  for (const other of session.map.namesOf(before.object.id))
    if (others.length < maxObjects && !(other.parent.equals(parent) && other.name.equals(name))) others.push(other);
}

/**
 * Notes the names of files that were told of without one, and are not where the map has them: what stands there, as what a batch that was cut off has put
 * in the place of one, can be taken for it only when its name is told.
 */
export function noteNamesOfLost(batch: Batch, { objects, entries }: ApplyRequest): void {
  const named = new Set(entries.map(({ object }) => object));
  for (const [index, { id, mode, content }] of objects.entries()) {
    if (content === "keep" || !isRegular(mode) || named.has(index)) continue;
    const object = batch.session.map.get(id);
    if (object === undefined || placeOf(batch, object) !== undefined) continue;
    for (const name of batch.session.map.namesOf(id)) if (batch.others.length < maxObjects) batch.others.push(name);
  }
}
