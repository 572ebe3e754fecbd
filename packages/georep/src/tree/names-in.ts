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
