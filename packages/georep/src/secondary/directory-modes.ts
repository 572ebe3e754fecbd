import { close, errno, errnoOf, O_NOFOLLOW, O_PATH, openat2 } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { isSick } from "../rpc/failure.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { openToUs, type Batch } from "./batch.ts";
import type { MappedObject } from "./map-rows.ts";
import { setMode } from "./metadata.ts";
import { isBound } from "./own-access.ts";
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
export function openNamed(
  batch: Batch,
  { id }: MappedObject,
  { dirfd, name }: { readonly dirfd: number; readonly name: Buffer },
): void {
  const fd = openat2(dirfd, name, O_PATH | O_NOFOLLOW, beneath);
  try {
    openToUs(batch, id, fd);
  } finally {
    close(fd);
  }
}

/**
 * Gives what we made use of back the mode that it had before, also what batches have left that were cut off. On the way to it directories may be opened
 * again, which are given back, too. What is not where it is known to be, as a batch that was cut off has moved it, has to wait for another batch.
 */
export function giveBackModes(batch: Batch): void {
  const { opened } = batch.session;
  const waiting = new Set<string>();
  for (;;) {
    const ids = opened.ids.filter((id) => !waiting.has(keyOf(id)));
    const [id] = ids.sort((a, b) => depthOf(batch, b) - depthOf(batch, a));
    if (id === undefined) break;
    if (giveBack(batch, id, opened.valueOf(id) ?? 0)) opened.forget(id);
    else waiting.add(keyOf(id));
  }
  opened.settle();
}

/** @returns false when it is not where it is known to be */
function giveBack(batch: Batch, id: FileId, mode: number): boolean {
  let isFound = batch.session.map.get(id) === undefined; // it is gone
  try {
    withPlace(batch, id, (place) => {
      isFound = true;
      setMode(place, mode);
    });
  } catch (error) {
    if (isSick(error) || errnoOf(error) === undefined) throw error;
    return errnoOf(error) === errno.EPERM; // nobody else's modes are for us to set
  }
  if (batch.touched.has(keyOf(id))) restamp(batch, id);
  return isFound;
}
