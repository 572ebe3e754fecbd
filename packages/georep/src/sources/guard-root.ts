import { AT_EMPTY_PATH, AT_FDCWD, errnoOf, statx, type Statx } from "@belay/linux";
import { BelayError, toError } from "@belay/supervise";

import { isGone } from "../tree/read-object.ts";
import type { ChangeSource } from "./change-source.ts";
import type { SourceTree } from "./source-tree.ts";

/** How often the path is looked at while nothing happens, in milliseconds. */
const lookEveryMs = 5000;

/**
 * Makes sure that the path of a source still stands for the tree that is watched: an unmounted, moved or replaced source is a failure of the source,
 * not a tree from which everything was deleted.
 */
export function guardRoot(source: ChangeSource, tree: SourceTree, path: string): ChangeSource {
  const failed = Promise.withResolvers<Error>();
  const lookForRoot = () => {
    try {
      requireSameRoot(tree, path);
      return undefined;
    } catch (error) {
      failed.resolve(toError(error));
      return toError(error);
    }
  };
  const timer = setInterval(lookForRoot, lookEveryMs).unref();
  void source.failed.then(failed.resolve);
  return {
    kind: source.kind,
    failed: failed.promise,
    drain: () => {
      source.drain();
      const lost = lookForRoot();
      if (lost !== undefined) throw lost;
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await source[Symbol.asyncDispose]();
    },
  };
}

/** Throws `ESOURCE` when the path stands for something else than the open tree. */
export function requireSameRoot({ root }: SourceTree, path: string): void {
  const now = tryStat(path);
  const open = statx(root, "", AT_EMPTY_PATH);
  if (now !== undefined && sameObject(now, open)) return;
  throw new BelayError("ESOURCE", `${path} ${now === undefined ? "is gone" : "is another directory now"}`, {
    hint: "mount it again or put it back; nothing is deleted at the destination meanwhile",
    path,
  });
}

function tryStat(path: string): Statx | undefined {
  try {
    return statx(AT_FDCWD, path);
  } catch (error) {
    if (isGone(error) || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

const sameObject = (a: Statx, b: Statx) =>
  a.ino === b.ino && a.devMajor === b.devMajor && a.devMinor === b.devMinor && a.btime === b.btime;
