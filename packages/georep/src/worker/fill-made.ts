import type { DirectoryEntries } from "@belay/linux";
import { errnoName } from "@belay/supervise";

import type { Ends } from "../plan/ends.ts";
import type { DirtyName } from "../plan/dirty-set.ts";
import { entriesToFill, workToFill, type Filling, type FillWork } from "../plan/fill-directory.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import type { Batch } from "./batch.ts";
import { mostFilled, mostNames } from "./take-from-feed.ts";

/** So many names are enough for now. */
const enough = 500;

/**
 * The contents of directories that the destination has just made: nothing is there, so that all of it can go at once, in the same batch. What is
 * too much for it is left to a comparison, and so is what cannot be read.
 *
 * @returns undefined when nothing is to be filled
 */
export function fillMade(
  { tree, policy }: Pick<Ends, "tree" | "policy">,
  batch: Batch,
): (FillWork & { readonly directories: number; readonly entries: number }) | undefined {
  const [fillings, names]: [Filling[], DirtyName[]] = [[], []];
  let [found, directories] = [0, 0];
  for (let room = mostFilled - batch.size; room > 0 && found < enough;) {
    const directory = batch.directories.toFill;
    if (directory === undefined) break;
    const entries = entriesOrNone(tree, directory);
    if (entries === undefined) {
      batch.directories.leave(directory);
      continue;
    }
    // Changes would wait until all of it is on its way.
    if (entries.length > mostNames) {
      batch.directories.fillLater(directory);
      continue;
    }
    if (entries.length > room) {
      batch.directories.stopFilling();
      break;
    }
    batch.directories.fill(directory);
    const work = workToFill(policy, { directory, entries });
    fillings.push(...work.fillings);
    names.push(...work.names);
    found += entries.length;
    room -= entries.length;
    directories++;
  }
  return directories === 0 ? undefined : { fillings, names, directories, entries: found };
}

function entriesOrNone(tree: SourceTree, directory: Buffer): DirectoryEntries | undefined {
  try {
    return entriesToFill(tree, directory, mostNames + 1);
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
    return undefined;
  }
}
