import { readdirSync } from "node:fs";

import { close } from "@belay/linux";

import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import type { ListedName } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isDirectory } from "../tree/object-state.ts";
import { deviceOf, isGone, statAt } from "../tree/read-object.ts";

/** What comparing one directory with its copy found. */
export interface CrawlResult {
  readonly dirty: readonly DirtyRecord[];
  /** Directories in it: they are to be compared next. */
  readonly below: readonly FileId[];
}

/**
 * Compares the names of one directory with those at the destination: what is missing there, what is too much, what is not as it was left or not
 * as it is now. Directories in it are to be compared when that is applied, also those that were only moved: things may have changed in them.
 */
export async function crawlDirectory(tree: SourceTree, secondary: Secondary, directory: FileId): Promise<CrawlResult> {
  const there = await listAll(secondary, directory);
  if (there === undefined) return { dirty: [], below: [] };
  const fd = tree.openDirectory(directory);
  if (fd === undefined) return { dirty: [], below: [] };
  const found: DirtyRecord[] = [record(directory, Buffer.alloc(0), dirty.metadata)];
  const below: FileId[] = [];
  try {
    for (const name of namesOf(tree, fd, directory)) {
      const listed = there.get(keyOf(name));
      there.delete(keyOf(name));
      const here = compare(tree, fd, name, listed);
      if (here.isDirty) found.push(record(directory, name, dirty.gap));
      if (here.below !== undefined) below.push(here.below);
    }
  } finally {
    close(fd);
  }
  for (const { name } of there.values()) found.push(record(directory, name, dirty.entry));
  return { dirty: found, below };
}

function compare(
  { device }: SourceTree,
  fd: number,
  name: Buffer,
  listed: ListedName | undefined,
): { isDirty: boolean; below?: FileId } {
  const stat = statAt(fd, name);
  if (stat === undefined || deviceOf(stat) !== device) return { isDirty: listed !== undefined };
  const id = idAt(fd, name);
  const isEqual =
    listed !== undefined &&
    listed.intact &&
    id?.equals(listed.id) === true &&
    listed.mode === stat.mode &&
    listed.mtime === stat.mtime &&
    listed.ctime === stat.ctime;
  return isDirectory(stat.mode) && id !== undefined ? { isDirty: !isEqual, below: id } : { isDirty: !isEqual };
}

function idAt(fd: number, name: Buffer): FileId | undefined {
  try {
    return fileIdAt(fd, name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function namesOf(tree: SourceTree, fd: number, directory: FileId): Buffer[] {
  const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" });
  return directory.equals(tree.rootId) ? names.filter((name) => name.toString("latin1") !== stateDirectoryName) : names;
}

function record(directory: FileId, name: Buffer, kinds: number): DirtyRecord {
  return { kinds, directory, name, object: Buffer.alloc(0) };
}

async function listAll(secondary: Secondary, directory: FileId): Promise<Map<string, ListedName> | undefined> {
  const all = new Map<string, ListedName>();
  for (let from = 0; ;) {
    const { known, more, names } = await secondary.list(directory, from);
    if (!known) return undefined;
    for (const listed of names) all.set(keyOf(listed.name), listed);
    if (!more) return all;
    from += maxListedAtOnce;
  }
}

const maxListedAtOnce = 2000;
