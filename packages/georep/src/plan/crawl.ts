import { errnoName, toError } from "@belay/supervise";

import type { ProgramPlace } from "../engines/program/context.ts";
import type { FileId } from "../ids/file-id.ts";
import type { DirtyRecord } from "../journal/record.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import { maxListedDirectories, type ListedName, type ListReply } from "../rpc/list-messages.ts";
import type { Failure } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { DirectoryComparison } from "./compare-directory.ts";

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
 * Compares the names of directories with those at the destination: what is missing there, what is too much, what is not as it was left or not
 * as it is now. Directories in them are to be compared when that is applied, also those that were only moved: things may have changed in them.
 *
 * @returns one result for each directory
 */
export async function crawlDirectories(ends: Ends, directories: readonly FileId[]): Promise<CrawlResult[]> {
  const groups: FileId[][] = [];
  for (let at = 0; at < directories.length; at += directoriesAtOnce)
    groups.push(directories.slice(at, at + directoriesAtOnce));
  return (await Promise.all(groups.map((group) => crawlGroup(ends, group)))).flat();
}

/** Most directories of one request: while the destination looks at them, those of another answer are compared here. */
const directoriesAtOnce = maxListedDirectories / 4;

async function crawlGroup(ends: Ends, group: readonly FileId[]): Promise<CrawlResult[]> {
  const comparisons = group.map((id) => new Crawling(ends, id));
  for (let rest = comparisons; rest.length > 0; rest = rest.filter(({ isDone }) => !isDone)) {
    const replies = await ends.secondary.list(rest);
    for (const [index, reply] of replies.entries()) rest[index]?.take(reply);
  }
  return comparisons.map(({ result }) => result);
}

/** One directory that is compared, portion by portion. */
class Crawling {
  readonly directory: FileId;
  readonly #comparison: DirectoryComparison;
  readonly #failures: Failure[] = [];
  after = "";
  isDone = false;

  constructor(ends: Ends, directory: FileId) {
    this.directory = directory;
    this.#comparison = new DirectoryComparison(ends, directory);
  }

  get result(): CrawlResult {
    return { ...this.#comparison.found, failures: this.#failures };
  }

  take(reply: ListReply): void {
    this.after = reply.upTo;
    this.isDone = !reply.known || reply.upTo === "";
    try {
      if (reply.known) this.#comparison.compare(reply);
    } catch (error) {
      const code = errnoName(error);
      if (code === undefined) throw error;
      this.#failures.push({ id: this.directory, name: Buffer.alloc(0), code, message: toError(error).message });
      this.isDone = true;
    }
  }
}

/** All names of a directory at the destination, by key; undefined when it is not known there. */
export async function listAll(secondary: Secondary, directory: FileId): Promise<Map<string, ListedName> | undefined> {
  const all = new Map<string, ListedName>();
  for (let after = ""; ;) {
    const [reply] = await secondary.list([{ directory, after }]);
    if (reply?.known !== true) return undefined;
    for (const listed of reply.names) all.set(listed.name, listed);
    if (reply.upTo === "") return all;
    after = reply.upTo;
  }
}
