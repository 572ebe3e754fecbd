import { readdirSync } from "node:fs";

import {
  close,
  openat2,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  rmdirat,
  unlinkat,
} from "@belay/linux";

import { isDirectory } from "../tree/object-state.ts";
import { isGone, statAt } from "../tree/read-object.ts";

/** Rules under which every directory of the destination is opened. */
export const beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

/** Opens a directory by its name in another, whatever anybody puts there meanwhile. */
export function openDirectoryAt(dirfd: number, name: Buffer): number {
  return openat2(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, beneath);
}

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
