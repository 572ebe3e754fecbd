import { close, openat2, O_DIRECTORY, O_RDONLY, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from "@belay/linux";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import type { SourceTree } from "./source-tree.ts";

/** Id of a directory of the source. @param path  relative to the root; empty: the root @throws errno errors when there is none */
export function directoryAt(tree: SourceTree, path: Buffer): FileId {
  if (path.length === 0) return tree.rootId;
  const fd = openat2(tree.root, path, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  try {
    return fileIdAt(fd, "");
  } finally {
    close(fd);
  }
}
