import { errnoOf, linkat, renameat2, RENAME_NOREPLACE, unlinkat } from "@belay/linux";

import { idOfKey } from "../ids/file-id.ts";
import { isDirectory } from "../tree/object-state.ts";
import { hasId } from "../tree/read-object.ts";
import { openDirectory, type Batch } from "./batch.ts";
import { openNamed } from "./directory-modes.ts";
import { keepTimes } from "./keep-times.ts";
import type { MappedName, MappedObject } from "./map-rows.ts";

/**
 * Gives what a batch that was cut off has left in `held/` its names again, as far as they are free and their directories are where they were: so it is where the
 * map has it, whatever is told of next. What cannot be given back waits until its name is told of again.
 */
export function restoreHeld(batch: Batch): void {
  const { map, held, leftHeld } = batch.session;
  for (const key of leftHeld) {
    const [object, name] = [map.get(idOfKey(key)), held.get(key)];
    if (object === undefined || name === undefined || !isRestored(batch, object, name)) continue;
    held.delete(key);
    leftHeld.delete(key);
  }
}

function isRestored(batch: Batch, object: MappedObject, heldName: Buffer): boolean {
  const { map, heldDirectory } = batch.session;
  const names = map.namesOf(object.id);
  if (isDirectory(object.mode)) return names.some((name) => give(batch, object, heldName, name));
  const given = names.filter((name) => give(batch, object, heldName, name));
  if (given.length === 0) return false;
  unlinkat(heldDirectory, heldName);
  return true;
}

/** @returns whether the name stands for the object now */
function give(batch: Batch, object: MappedObject, heldName: Buffer, { parent, name }: MappedName): boolean {
  const { heldDirectory } = batch.session;
  const { mode, here } = object;
  try {
    const dirfd = openDirectory(batch, parent);
    if (dirfd === undefined) return false;
    if (!isDirectory(mode) && hasId(dirfd, name, here)) return true;
    if (isDirectory(mode)) openNamed(batch, object, { dirfd: heldDirectory, name: heldName });
    keepTimes(batch, dirfd, () => {
      if (isDirectory(mode)) renameat2(heldDirectory, heldName, dirfd, name, RENAME_NOREPLACE);
      else linkat(heldDirectory, heldName, dirfd, name);
    });
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
