import { close } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { namesIn } from "../tree/names-in.ts";
import { dirtyName, type DirtyName } from "./dirty-set.ts";

/**
 * All names, by `keyOf`, of a directory that is empty at the destination: there is nothing to be compared. Of a large one they are many, so they
 * are no {@link nameToFill names to be looked at} yet.
 *
 * @returns none when the directory is gone
 * @throws errno errors when it cannot be read
 */
export function namesToFill(tree: SourceTree, directory: FileId): string[] {
  const fd = tree.openDirectory(directory);
  if (fd === undefined) return [];
  try {
    return namesIn(fd, directory.equals(tree.rootId));
  } finally {
    close(fd);
  }
}

/** One of {@link namesToFill}. */
export function nameToFill(directory: FileId, name: string): DirtyName {
  return dirtyName({ directory, name: Buffer.from(name, "latin1") }, dirty.gap | dirty.below);
}
