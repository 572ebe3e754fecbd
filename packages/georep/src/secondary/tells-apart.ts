import { statfsSync } from "node:fs";

import { AT_EMPTY_PATH, fchmod, statx } from "@belay/linux";

import { fileIdAt, statIdOf } from "../ids/file-id.ts";
import { withTrial } from "./aside-file.ts";
import { indexKey } from "./index-key.ts";

/**
 * Whether inode number and btime tell apart whatever files there are one after the other at the destination, as their handles do: then nobody has to ask for
 * those. A btime is a tick of the clock, some milliseconds, and ext4 gives a number out again at once. But where times are multigrain (Linux 6.13,
 * Documentation/filesystems/multigrain-ts.rst) a change of what was looked at since the last one takes a time of its own, and nothing
 * that comes later an earlier one: of what was looked at and is gone no other can have number and btime, unless it leaves the memory within that tick.
 *
 * Numbers have to be those of one file system without volumes within it, and both kinds of id to have one `indexKey`.
 */
export function tellsApart(heldDirectory: number): boolean {
  return withTrial(heldDirectory, (fd) => hasNoVolumes(fd) && haveOneKey(fd) && isMultigrain(fd)) === true;
}

/** ext4, XFS and tmpfs; a snapshot that lies in btrfs or bcachefs has the same numbers and btimes once more. */
const magics: readonly number[] = [0xef53, 0x58465342, 0x01021994];

const hasNoVolumes = (fd: number): boolean => magics.includes(statfsSync(`/proc/self/fd/${fd}`).type);

function haveOneKey(fd: number): boolean {
  const origin = statx(fd, "", AT_EMPTY_PATH);
  return origin.btime !== 0n && indexKey(fileIdAt(fd, "")) === indexKey(statIdOf(origin));
}

/** Changes that are tried: that one of them falls upon a tick is possible, all do not. */
const changes = 8;

function isMultigrain(fd: number): boolean {
  for (let change = 0; change < changes; change++) {
    const before = statx(fd, "", AT_EMPTY_PATH).ctime;
    fchmod(fd, 0o600);
    if (statx(fd, "", AT_EMPTY_PATH).ctime <= before) return false;
  }
  return true;
}
