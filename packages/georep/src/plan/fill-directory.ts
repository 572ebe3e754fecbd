import { close } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { namesIn } from "../tree/names-in.ts";
import { dirtyName, type DirtyName } from "./dirty-set.ts";

/**
 * All names of a directory that is empty at the destination: there is nothing to be compared.
 *
 * @returns none when the directory is gone
 * @throws errno errors when it cannot be read
 */
export function namesToFill(tree: SourceTree, directory: FileId): DirtyName[] {
  const fd = tree.openDirectory(directory);
  if (fd === undefined) return [];
  try {
    const names = namesIn(fd, directory.equals(tree.rootId));
    return names.map((name) => dirtyName({ directory, name: Buffer.from(name, "latin1") }, dirty.gap | dirty.below));
  } finally {
    close(fd);
  }
}
