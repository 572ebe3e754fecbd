import { errnoName } from "@belay/supervise";

import type { DirtyName } from "../plan/dirty-set.ts";
import { namesToFill, nameToFill } from "../plan/fill-directory.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import type { Batch } from "./batch.ts";
import { mostNames } from "./take-from-feed.ts";

/** So many names are enough for now. */
const enough = 500;

/**
 * The contents of directories that the destination has just made: nothing is there, so that all of it can go at once, in the same batch. What is
 * too much for it is left to a comparison, and so is what cannot be read.
 *
 * @returns undefined when nothing is to be filled
 */
export function fillMade(tree: SourceTree, batch: Batch): { names: DirtyName[]; directories: number } | undefined {
  const found: DirtyName[] = [];
  let directories = 0;
  for (let room = mostNames - batch.names.length; room > 0 && found.length < enough;) {
    const directory = batch.toFill;
    if (directory === undefined) break;
    const names = namesOrNone(tree, directory);
    if (names === undefined) {
      batch.leave(directory);
      continue;
    }
    if (names.length > room) {
      batch.stopFilling();
      break;
    }
    batch.fill(directory);
    for (const name of names) found.push(nameToFill(directory, name));
    room -= names.length;
    directories++;
  }
  return directories === 0 ? undefined : { names: found, directories };
}

function namesOrNone(tree: SourceTree, directory: Buffer): string[] | undefined {
  try {
    return namesToFill(tree, directory);
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
    return undefined;
  }
}
