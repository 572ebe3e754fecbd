import { idOfKey, keyOf } from "../ids/file-id.ts";
import { isDirectory } from "../tree/object-state.ts";
import { look, openDirectory, touch, type Batch, type Found } from "./batch.ts";
import { heldNameOf } from "./held-name.ts";
import type { MappedName } from "./map-rows.ts";
import { dropName } from "./take-name.ts";

/** Leaves a name whose object has lost it at the source, because deletions are not replicated. It may have been a renaming: see below. */
export function spare(batch: Batch, place: MappedName, { object }: Found): void {
  if (object === undefined) return; // not ours: it is nobody's business here
  batch.session.map.spare(place, object.id);
  batch.spared.add(keyOf(object.id));
  batch.detached.push(object.id);
}

/**
 * Takes away names that were spared, of objects that have another one by now: they were renamed, or have lost one of several names. Nothing
 * of their content is lost by it.
 */
export function dropSparedNames(batch: Batch): void {
  const { map, rules } = batch.session;
  if (!rules.ignoreDeletes) return;
  for (const key of new Set([...batch.spared, ...batch.changes.keys()])) {
    const id = idOfKey(key);
    for (const place of map.sparedOf(id)) {
      const others = map.namesOf(id).filter((other) => !isSame(other, place));
      if (!others.some((other) => find(batch, other)?.object?.id.equals(id))) continue;
      const found = find(batch, place);
      if (found?.object?.id.equals(id) && !isDirectory(found.stat.mode)) {
        touch(batch, found);
        dropName(batch.session, { dirfd: found.dirfd, name: place.name, here: found.here }, heldNameOf(id));
      }
      map.removeName(place);
      map.removeSpared(place);
    }
  }
}

function find(batch: Batch, { parent, name }: MappedName): (Found & { dirfd: number }) | undefined {
  const dirfd = openDirectory(batch, parent);
  const found = dirfd === undefined ? undefined : look(batch, dirfd, name);
  return dirfd === undefined || found === undefined ? undefined : { ...found, dirfd };
}

function isSame(a: MappedName, b: MappedName): boolean {
  return a.parent.equals(b.parent) && a.name.equals(b.name);
}
