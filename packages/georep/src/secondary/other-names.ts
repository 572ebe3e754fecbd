import type { EntryChange, ObjectChange } from "../rpc/messages.ts";
import type { Batch } from "./batch.ts";
import { maxObjects } from "../rpc/messages.ts";

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
