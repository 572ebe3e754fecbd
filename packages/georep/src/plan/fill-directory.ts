import { close } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { namesIn } from "./compare-directory.ts";
import type { DirtyName } from "./dirty-set.ts";

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
    return namesIn(tree, fd, directory).map((name) => toFill(directory, Buffer.from(name, "latin1")));
  } finally {
    close(fd);
  }
}

const noObjects = new Map<string, FileId>();

function toFill(directory: FileId, name: Buffer): DirtyName {
  return { directory, name, kinds: dirty.gap | dirty.below, objects: noObjects };
}
