import { readdirSync } from "node:fs";

import { close, openat2, O_DIRECTORY, O_NOFOLLOW, O_PATH, RESOLVE_NO_XDEV, rmdirat, unlinkat } from "@belay/linux";

import { isDirectory } from "../tree/object-state.ts";
import { statAt } from "../tree/read-object.ts";
import { grant } from "./own-access.ts";
import { beneath } from "./beneath.ts";

/** What decides what is removed. */
export interface Removal {
  /** Tells of a name in a directory whether it stands for an object of the source. */
  readonly isOurs: (dirfd: number, name: Buffer) => boolean;
  /** Takes what is not ours out of a directory. */
  readonly setAside: (dirfd: number, name: Buffer) => void;
}

/**
 * Removes a name that is ours and what of ours is below it, without leaving the file system: what somebody else has put there is not for us to
 * delete.
 */
export function removeOurs(removal: Removal, dirfd: number, name: Buffer): void {
  const stat = statAt(dirfd, name);
  if (stat === undefined) return;
  if (!isDirectory(stat.mode)) {
    unlinkat(dirfd, name);
    return;
  }
  const fd = openat2(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, beneath | RESOLVE_NO_XDEV);
  try {
    grant(fd);
    for (const child of readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }))
      if (removal.isOurs(fd, child)) removeOurs(removal, fd, child);
      else removal.setAside(fd, child);
  } finally {
    close(fd);
  }
  rmdirat(dirfd, name);
}
