import { readdirSync, type Dirent } from "node:fs";

import { close, type Statx } from "@belay/linux";
import { errnoName, toError } from "@belay/supervise";

import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import { dirty, type DirtyRecord } from "../journal/record.ts";
import type { Failure, ListedName } from "../rpc/messages.ts";
import type { ProgramPlace } from "../engines/program/context.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isDirectory } from "../tree/object-state.ts";
import { deviceOf, isGone, statAt } from "../tree/read-object.ts";
import { Exclusions } from "./exclusion.ts";

/** Both ends of a replication, and what holds between them. */
export interface Ends {
  readonly tree: SourceTree;
  readonly secondary: Secondary;
  readonly policy: SyncPolicy;
  /** Where rsync or tar work, when one of them is the engine. */
  readonly programs: ProgramPlace;
}

/** What comparing one directory with its copy found. */
export interface CrawlResult {
  readonly dirty: readonly DirtyRecord[];
  /** Directories in it: they are to be compared next. */
  readonly below: readonly FileId[];
  /** The directory cannot be looked at. */
  readonly failures: readonly Failure[];
  /** There is nothing in it, and something of ours at the destination. */
  readonly isEmptied: boolean;
}

/**
 * Compares the names of one directory with those at the destination: what is missing there, what is too much, what is not as it was left or not
 * as it is now. Directories in it are to be compared when that is applied, also those that were only moved: things may have changed in them.
 */
export async function crawlDirectory(ends: Ends, directory: FileId): Promise<CrawlResult> {
  const there = await listAll(ends.secondary, directory);
  try {
    return there === undefined ? nothingFound : compareDirectory(ends, directory, there);
  } catch (error) {
    const code = errnoName(error);
    if (code === undefined) throw error;
    const failure = { id: directory, name: Buffer.alloc(0), code, message: toError(error).message };
    return { ...nothingFound, failures: [failure] };
  }
}

const nothingFound: CrawlResult = { dirty: [], below: [], failures: [], isEmptied: false };

function compareDirectory({ tree, policy }: Ends, directory: FileId, there: Map<string, ListedName>): CrawlResult {
  const fd = tree.openDirectory(directory);
  if (fd === undefined) return nothingFound;
  const found: DirtyRecord[] = [record(directory, Buffer.alloc(0), dirty.metadata)];
  const below: FileId[] = [];
  let isEmpty = true;
  const { isWhole, leavesOut } = new Exclusions(tree, policy.excludes).of(directory, fd);
  try {
    for (const entry of isWhole ? [] : entriesOf(tree, fd, directory)) {
      isEmpty = false;
      const { name } = entry;
      const isFile = !entry.isDirectory();
      // What is missing there is looked at when it is sent.
      const isNew = isFile && !there.has(keyOf(name));
      const stat = isNew ? undefined : statAt(fd, name);
      if ((isNew || stat !== undefined) && leavesOut(name, !isFile)) continue;
      const listed = there.get(keyOf(name));
      there.delete(keyOf(name));
      const here = isNew ? missing : compare(tree, fd, { name, stat, listed });
      if (here.isDirty) found.push(record(directory, name, dirty.gap));
      if (here.below !== undefined) below.push(here.below);
    }
  } finally {
    close(fd);
  }
  for (const { name, mode } of there.values())
    if (policy.deleteExcluded || !(isWhole || leavesOut(name, isDirectory(mode))))
      found.push(record(directory, name, dirty.entry));
  const isEmptied = isEmpty && !isWhole && [...there.values()].some(({ id }) => id.length > 0);
  return { dirty: found, below, failures: [], isEmptied };
}

function compare(
  { device }: SourceTree,
  fd: number,
  { name, stat, listed }: { name: Buffer; stat: Statx | undefined; listed: ListedName | undefined },
): { isDirty: boolean; below?: FileId } {
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

const missing = { isDirty: true, below: undefined };

/** Names of an open directory of the source, all of which belong to the tree. */
export function namesOf(tree: SourceTree, fd: number, directory: FileId): Buffer[] {
  return entriesOf(tree, fd, directory).map(({ name }) => name);
}

function entriesOf(tree: SourceTree, fd: number, directory: FileId): Dirent<Buffer>[] {
  const entries = readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer", withFileTypes: true });
  const isRoot = directory.equals(tree.rootId);
  return isRoot ? entries.filter(({ name }) => name.toString("latin1") !== stateDirectoryName) : entries;
}

function record(directory: FileId, name: Buffer, kinds: number): DirtyRecord {
  return { kinds, directory, name, object: Buffer.alloc(0) };
}

/** All names of a directory at the destination, by key; undefined when it is not known there. */
export async function listAll(secondary: Secondary, directory: FileId): Promise<Map<string, ListedName> | undefined> {
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
