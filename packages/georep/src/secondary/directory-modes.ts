import { close, errnoOf, O_NOFOLLOW, O_PATH, openat2 } from "@belay/linux";

import { idOfKey, keyOf, type FileId } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { openToUs, type Batch, type Place } from "./batch.ts";
import { statAt } from "../tree/read-object.ts";
import type { MappedObject } from "./map-rows.ts";
import { setMode } from "./metadata.ts";
import { isBound, isGranted, lacksRights, type Named } from "./own-access.ts";
import { beneath } from "./beneath.ts";
import { restamp, withPlace } from "./stamps.ts";

/**
 * Directories in the order in which they get their modes: those that lie deeper first, as nobody but root can reach what is in a directory that
 * has its mode already.
 */
export function deepestFirst(batch: Batch, directories: readonly ObjectChange[]): readonly ObjectChange[] {
  if (!isBound) return directories;
  const depths = directories.map((change) => ({ change, depth: depthOf(batch, change.id) }));
  return depths.sort((a, b) => b.depth - a.depth).map(({ change }) => change);
}

const deepest = 5000;

function depthOf({ session }: Batch, id: FileId): number {
  let depth = 0;
  for (let at: FileId | undefined = id; at !== undefined && depth < deepest; depth++)
    at = session.map.namesOf(at)[0]?.parent;
  return depth;
}

/** Lets us move a directory of ours (its own mode may forbid it, as its parent is noted in it), or read what is ours. */
export function openNamed(batch: Batch, { id }: MappedObject, { dirfd, name }: Named): void {
  if (!isBound) return;
  const fd = openat2(dirfd, name, O_PATH | O_NOFOLLOW, beneath);
  try {
    openToUs(batch, id, fd);
  } finally {
    close(fd);
  }
}

/** Gives what this batch has opened up the modes back that it had before. On the way to it directories may be opened again, which are given back, too. */
export function giveBackModes(batch: Batch): void {
  giveBackModesOf(batch, openedBy(batch));
}

/** As {@link giveBackModes}, also of what batches have left open that were cut off. */
export function giveBackAllModes(batch: Batch): void {
  giveBackModesOf(batch, batch.session.modesBefore.ids);
}

// Notes that are not needed any more are void when the modes are durable, at the end of a batch: until then they do no harm.
function giveBackModesOf(batch: Batch, ids: readonly FileId[]): void {
  for (let round = ids; round.length > 0; round = openedBy(batch)) {
    batch.opened.clear();
    const depths = round.map((id) => ({ id, depth: depthOf(batch, id) }));
    for (const { id } of depths.sort((a, b) => b.depth - a.depth)) giveModeBack(batch, id);
  }
}

const openedBy = (batch: Batch): FileId[] => [...batch.opened].map(idOfKey);

/** As {@link giveBackModes}, of one object. It has to wait while it is not where it is known to be, as a batch that was cut off has moved it, or nothing can be done there. */
export function giveModeBack(batch: Batch, id: FileId): void {
  const { map, held, modesBefore } = batch.session;
  const before = modesBefore.valueOf(id);
  if (before === undefined) return;
  const isGone = map.get(id) === undefined || (map.namesOf(id).length === 0 && !held.has(keyOf(id)));
  try {
    const isFound = withPlace(batch, id, (place, object) => {
      if (!isLeftOpen(place, object, before)) return;
      setMode(place, before);
      if (batch.touched.has(keyOf(id))) restamp(batch, id);
    });
    if (isFound || isGone) modesBefore.forget(id);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/**
 * Tells whether something has the mode still that we gave it, and not another one meanwhile, by whomever. One that the source gave it counts as another
 * one, also when it is the same, and so does any when it is open at the source.
 */
function isLeftOpen({ dirfd, name }: Place, object: MappedObject, before: number): boolean {
  const stat = statAt(dirfd, name);
  if (stat === undefined || stat.mode === object.mode) return false;
  return isGranted(stat.mode, before) && lacksRights(object.mode, "all");
}
