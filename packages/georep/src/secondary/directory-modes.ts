import { close } from "@belay/linux";

import { idOfKey, type FileId } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { openDirectory, openToUs, type Batch } from "./batch.ts";
import type { MappedObject } from "./map-rows.ts";
import { isBound, setModeOf } from "./own-access.ts";
import { openDirectoryAt } from "./beneath.ts";
import { restamp } from "./stamps.ts";

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

/** Lets us move a directory of ours: its own mode may forbid it, as its parent is noted in it. */
export function openNamed(
  batch: Batch,
  { id }: MappedObject,
  { dirfd, name }: { readonly dirfd: number; readonly name: Buffer },
): void {
  const fd = openDirectoryAt(dirfd, name);
  try {
    openToUs(batch, id, fd);
  } finally {
    close(fd);
  }
}

/** Gives directories back the modes they had before we made use of them. On the way to one others may be opened again, which are given back, too. */
export function giveBackModes(batch: Batch): void {
  while (batch.opened.size > 0) {
    const [key] = [...batch.opened.keys()].sort((a, b) => depthOf(batch, idOfKey(b)) - depthOf(batch, idOfKey(a)));
    if (key === undefined) return;
    const [id, mode] = [idOfKey(key), batch.opened.get(key) ?? 0];
    const fd = openDirectory(batch, id);
    batch.opened.delete(key);
    if (fd === undefined) continue;
    setModeOf(fd, mode);
    if (batch.touched.has(key)) restamp(batch, id);
  }
}
