import { readdirSync } from "node:fs";

import { close, openat2, O_DIRECTORY, O_NOFOLLOW, O_PATH, RESOLVE_NO_XDEV, rmdirat, unlinkat } from "@belay/linux";

import { isDirectory } from "../tree/object-state.ts";
import { isGone, statAt } from "../tree/read-object.ts";
import { beneath } from "./beneath.ts";
import { grant } from "./own-access.ts";

/** Removes a name and all below it, without leaving the file system. Gone already is well. */
export function removeTreeAt(dirfd: number, name: Buffer): void {
  const stat = statAt(dirfd, name);
  if (stat === undefined) return;
  if (!isDirectory(stat.mode)) {
    ignoreGone(() => unlinkat(dirfd, name));
    return;
  }
  const fd = openat2(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, beneath | RESOLVE_NO_XDEV);
  try {
    grant(fd);
    for (const child of readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" })) removeTreeAt(fd, child);
  } finally {
    close(fd);
  }
  ignoreGone(() => rmdirat(dirfd, name));
}

function ignoreGone(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
