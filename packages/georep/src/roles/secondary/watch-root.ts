import { statSync } from "node:fs";
import { join } from "node:path";

import { BelayError, hasCode } from "@belay/supervise";

import { stateDirectoryName } from "../../tree/compare.ts";

/** How often the paths are looked at, in milliseconds; until there is something, it comes into being at any moment. */
const lookEveryMs = { missing: 20, there: 2000 };

/**
 * Watches whether the paths of a destination and of what is remembered there still stand for the directories that they stood for first: what is
 * written to one that was removed, moved away or mounted over is seen by nobody.
 *
 * @param path  the destination; it may come into being later
 * @returns settles with `EDESTINATION` when one of them is another one, or gone
 */
export function watchRoot(path: string): Disposable & { readonly lost: Promise<BelayError> } {
  const { promise: lost, resolve } = Promise.withResolvers<BelayError>();
  const first = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    const isComplete = first.size === watched.length;
    timer = setTimeout(look, isComplete ? lookEveryMs.there : lookEveryMs.missing).unref();
  };
  const watched = [path, join(path, stateDirectoryName)];
  const look = () => {
    const problem = watched.map((each) => changeOf(each, first)).find((each) => each !== undefined);
    if (problem === undefined) schedule();
    else resolve(new BelayError("EDESTINATION", problem, { hint: "the next receiving end makes what is missing" }));
  };
  look();
  return { lost, [Symbol.dispose]: () => clearTimeout(timer) };
}

function changeOf(path: string, first: Map<string, string>): string | undefined {
  const before = first.get(path);
  const now = identityOf(path, before);
  if (before === undefined && now !== undefined) first.set(path, now);
  if (before === undefined || before === now) return undefined;
  return `${path} ${now === undefined ? "is gone" : "is another directory now"}`;
}

// Where it may not be looked at (a destination of mode 0) nothing is known to have changed.
function identityOf(path: string, before: string | undefined): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch (error) {
    return hasCode(error, "ENOENT", "ENOTDIR") ? undefined : before;
  }
}
