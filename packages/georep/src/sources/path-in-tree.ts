import { close } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { isBelow, pathOf } from "./path-of.ts";
import { pathByPlaces, type SourceTree } from "./source-tree.ts";

const slash = Buffer.from("/");

/**
 * Where a name of a directory is in the tree now, for people: relative to the root, `.` for the root itself. The name alone when its directory
 * cannot be found; undefined when there is nothing to tell.
 *
 * @param name  empty: the directory, or the file, itself
 */
export function pathInTree(tree: SourceTree, directory: FileId, name: Buffer): Buffer | undefined {
  const path = pathOfId(tree, directory, name.length === 0);
  if (path === undefined) return name.length === 0 ? undefined : name;
  const parts = [path, name].filter((part) => part.length > 0);
  if (parts.length === 0) return Buffer.from(".");
  return parts.length === 1 ? parts[0] : Buffer.concat([path, slash, name]);
}

function pathOfId(tree: SourceTree, id: FileId, mayBeFile: boolean): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = tree.openDirectory(id) ?? (mayBeFile ? tree.openFile(id) : undefined);
    if (fd === undefined) return undefined;
    const [path, root] = [pathOf(fd), pathOf(tree.root)];
    if (!isBelow(path, root)) return undefined;
    return path.subarray(path.equals(root) ? root.length : root.length === 1 ? 1 : root.length + 1);
  } catch {
    // It may not be looked at, which may well be why we are asked.
    return pathByPlaces(tree.rootId, tree.places, id);
  } finally {
    if (fd !== undefined) close(fd);
  }
}
