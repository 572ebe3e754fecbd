import { readlinkat } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";
import type { EntryChange, ObjectChange } from "../rpc/messages.ts";
import { isDevice, isDirectory, isLink, isRegular, typeOf } from "../tree/object-state.ts";
import { inTheWay, look, noParent, noteFound, openDirectory, placeOf, touch, type Batch, type Found } from "./batch.ts";
import { heldNameOf } from "./held-name.ts";
import type { MappedName, MappedObject } from "./map-rows.ts";
import { openNamed } from "./directory-modes.ts";
import { spare } from "./spared.ts";
import { noteReplaced } from "./suspects.ts";
import { dropName, holdStranger, takeName } from "./take-name.ts";
import { isWorkOfOurs } from "./unsure.ts";

/**
 * Takes what a name stands for out of the way, unless it is what the name has to stand for: into `held/`, whence it goes to its new name or
 * is deleted when the batch ends.
 *
 * A file that will be replaced by another one keeps its name until then, so that readers always find one of both.
 */
export function detach(
  batch: Batch,
  { parent, name, spares }: MappedName & Pick<EntryChange, "spares">,
  change: ObjectChange | undefined,
): void {
  const { map, rules } = batch.session;
  noteTold(batch, { parent, name }, change);
  const dirfd = openDirectory(batch, parent);
  const found = dirfd === undefined ? undefined : look(batch, dirfd, name);
  // Where a batch that was cut off has put its directory nobody knows before that one's own name is told.
  if (dirfd === undefined && change === undefined && spares !== "all" && map.get(parent) !== undefined)
    throw noParent(name);
  if (dirfd === undefined || found === undefined) {
    map.removeName({ parent, name });
    return;
  }
  if (change !== undefined && rules.ignoreDeletes) map.removeSpared({ parent, name });
  if (change === undefined && isSpared(spares, found.stat.mode)) return;
  if (change === undefined && rules.ignoreDeletes) {
    spare(batch, { parent, name }, found);
    return;
  }
  if (change !== undefined && found.object?.id.equals(change.id)) {
    noteFound(batch, { parent, name }, found.object);
    return;
  }
  if (change !== undefined && mayAdopt(batch, dirfd, name, found, change)) {
    adopt(batch, { parent, name }, found, change);
    return;
  }
  touch(batch, found);
  const isReplaced = change !== undefined && !isDirectory(change.mode) && !isDirectory(found.stat.mode);
  hold(batch, dirfd, { parent, name }, found, isReplaced);
  // Should the other one not come, the name still stands for this one.
  if (!isReplaced || found.object === undefined) map.removeName({ parent, name });
}

// What had this name and was left in `held/` may have another one at the source, and need not wait for this one any more. A directory has no other: it
// waits as long as it has this one here.
function noteTold({ session, detached }: Batch, { parent, name }: MappedName, change: ObjectChange | undefined): void {
  const { map, leftHeld, rules } = session;
  if (leftHeld.size === 0) return;
  for (const { object } of map.children(parent, name, name)) {
    const key = keyOf(object.id);
    if (!leftHeld.has(key)) continue;
    if (change?.id.equals(object.id) !== true) detached.push(object.id);
    if (!isDirectory(object.mode) || rules.ignoreDeletes) leftHeld.delete(key);
  }
}

function isSpared(spares: EntryChange["spares"], mode: number): boolean {
  return spares === "all" || spares === (isDirectory(mode) ? "directories" : "others");
}

function hold(batch: Batch, dirfd: number, named: MappedName, { here, object, stat }: Found, keepName: boolean): void {
  const { session } = batch;
  const { name } = named;
  const { held, rules } = session;
  if (object === undefined || isStillTheirs(batch, object)) {
    if (!rules.setsConflictsAside && !isWorkOfOurs(session, { here, origin: stat })) throw inTheWay(name);
    if (object !== undefined) giveBack(batch, named, object);
    holdStranger(session, dirfd, name, name);
    return;
  }
  if (isDirectory(stat.mode)) openNamed(batch, object, { dirfd, name });
  const key = keyOf(object.id);
  const heldName = heldNameOf(object.id);
  const isHeld = held.has(key);
  const at = { dirfd, name, here };
  if (isHeld && !keepName && !isDirectory(stat.mode)) dropName(session, at, heldName);
  else if (!isHeld && !takeName(session, at, { heldName, keepsName: keepName })) {
    session.map.removeName(named);
    const other = keepName ? look(batch, dirfd, name) : undefined;
    if (other !== undefined) hold(batch, dirfd, named, other, keepName);
    return;
  }
  held.set(key, heldName);
  batch.detached.push(object.id);
}

// It was taken for the object, and has not got its content yet: it is what somebody has put there.
function isStillTheirs({ adopted, lacking }: Batch, { id }: MappedObject): boolean {
  const key = keyOf(id);
  return adopted.has(key) && lacking.has(key);
}

function giveBack({ session, adopted, lacking }: Batch, named: MappedName, { id }: MappedObject): void {
  const { map } = session;
  map.removeName(named);
  if (map.namesOf(id).length > 0) return; // its content comes under those
  map.removeObject(id);
  adopted.delete(keyOf(id));
  lacking.delete(keyOf(id));
}

// What stands there already, though unknown, and is of the same kind becomes the object: a copy made earlier by other means, or our
// own work of a batch that was cut off. Its content is looked at before it counts as equal.
function mayAdopt(batch: Batch, dirfd: number, name: Buffer, { object, stat }: Found, change: ObjectChange): boolean {
  if (typeOf(stat.mode) !== typeOf(change.mode)) return false;
  if (object !== undefined && !(isDirectory(change.mode) && staysForGood(batch, object))) return false;
  const known = batch.session.map.get(change.id);
  if (known !== undefined && placeOf(batch, known) !== undefined) return false;
  if (isLink(change.mode)) return readlinkat(dirfd, name).equals(change.target);
  if (isDevice(change.mode)) return stat.rdevMajor === change.rdevMajor && stat.rdevMinor === change.rdevMinor;
  return true;
}

// Where deletions are not replicated, a directory that is made anew takes over what is left of the deleted one.
function staysForGood({ session, changes }: Batch, { id }: MappedObject): boolean {
  return session.rules.ignoreDeletes && !changes.has(keyOf(id));
}

function adopt(
  batch: Batch,
  place: { parent: FileId; name: Buffer },
  { here, stat, object }: Found,
  change: ObjectChange,
): void {
  const { map } = batch.session;
  if (object !== undefined) {
    batch.session.suspects.note(object.id);
    map.replaceDirectory(object.id, change.id);
  }
  noteReplaced(batch.session, change, here);
  map.removeNamesOf(change.id);
  map.put({ id: change.id, here, mode: stat.mode, size: -1, mtime: 0n, ctime: 0n, hereCtime: 0n });
  map.putName(place, change.id);
  if (isRegular(change.mode)) batch.adopted.add(keyOf(change.id));
  if (isDirectory(change.mode)) batch.crawl.push(change.id);
}
