import { readdirSync } from "node:fs";

import { stateDirectoryName } from "./compare.ts";

/**
 * Names in an open directory, by `keyOf`; of a root without the directory of our own state.
 *
 * @param isRoot  it is the root of a source or destination
 * @throws errno errors of reading it
 */
export function namesIn(fd: number, isRoot: boolean): string[] {
  const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: "latin1" });
  return isRoot ? names.filter((name) => name !== stateDirectoryName) : names;
}

/** Index of the first of sorted names that comes after another. */
export function firstBehind(names: readonly string[], after: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? "") > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
