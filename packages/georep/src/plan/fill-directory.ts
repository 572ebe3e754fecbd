import { close, directoryEntries, noEntries, type DirectoryEntries } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import { excludesNothing } from "../policy/excludes.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { dirtyName, type DirtyName } from "./dirty-set.ts";

/** What lies in a directory that is empty at the destination, or a part of it: there is nothing to be compared. */
export interface Filling {
  readonly directory: FileId;
  readonly entries: DirectoryEntries;
}

/** Work that fills directories: files that can go many at once, and names that are looked at one by one. */
export interface FillWork {
  readonly fillings: readonly Filling[];
  readonly names: readonly DirtyName[];
}

/**
 * What is to be filled into a directory that is empty at the destination.
 *
 * @param most  so many are enough, see `directoryEntries`
 * @returns none when the directory is gone
 * @throws errno errors when it cannot be read
 */
export function entriesToFill(tree: SourceTree, directory: FileId, most?: number): DirectoryEntries {
  const fd = tree.openDirectory(directory);
  if (fd === undefined) return noEntries;
  try {
    const entries = directoryEntries(fd, most);
    return directory.equals(tree.rootId) ? entries.without(stateCName) : entries;
  } finally {
    close(fd);
  }
}

const stateCName = Buffer.from(`${stateDirectoryName}\0`);

/** Puts some of {@link entriesToFill} into the form in which they go fastest. */
export function workToFill(policy: SyncPolicy, filling: Filling): FillWork {
  if (isPlain(policy)) return { fillings: filling.entries.length === 0 ? [] : [filling], names: [] };
  return { fillings: [], names: allNames(filling) };
}

// Where nothing has to be looked at but the file itself.
function isPlain({ engine, excludes, ignoreDeletes }: SyncPolicy): boolean {
  return engine === "stream" && excludes === excludesNothing && !ignoreDeletes;
}

/** One of {@link entriesToFill}, to be looked at as any other name is. @param index  of its entry */
export function nameToFill({ directory, entries }: Filling, index: number): DirtyName {
  return dirtyName({ directory, name: entries.cName(index).subarray(0, -1) }, dirty.gap | dirty.below | dirty.absent);
}

/** All of them, as {@link nameToFill}. */
export function allNames(filling: Filling): DirtyName[] {
  return Array.from({ length: filling.entries.length }, (_, index) => nameToFill(filling, index));
}
