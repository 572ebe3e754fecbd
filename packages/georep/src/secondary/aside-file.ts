import {
  close,
  errnoOf,
  fchmod,
  fchown,
  futimens,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  openat,
  UTIME_OMIT,
} from "@belay/linux";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import type { Batch } from "./batch.ts";
import { birthOf, type Birth } from "./birth.ts";
import { nothing, tryUnlink, wholeContent } from "./new-file.ts";
import { writeAll } from "./write-all.ts";

/** Name of a file while it is made, one at a time; what is left of one by a process that was killed goes with the next session. */
export const aside = Buffer.from("new");

const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const isPrivileged = process.geteuid?.() === 0;

/** Tells whether a file that came whole can be made with one descriptor, and nothing but its content, owner, mode and mtime. */
export function isPlain(birth: Birth, change: ObjectChange): boolean {
  if (change.nlink !== 1 || change.xattrs.length > 0 || wholeContent(change) === undefined) return false;
  return isPrivileged || (change.uid === birth.uid && change.gid === birth.gid);
}

/**
 * Makes a file that {@link isPlain} in `held/`, to be put in its place from there.
 *
 * @param put  moves {@link aside} to where it belongs; an errno error of it takes the file away
 * @returns false when it could not be made or put there: nothing is left of it
 */
export function makeAside(
  { session: { heldDirectory } }: Batch,
  birth: Birth,
  change: ObjectChange,
  put: (fd: number, here: FileId) => void,
): boolean {
  let fd: number | undefined;
  try {
    fd = openat(heldDirectory, aside, flags, change.mode & 0o777);
    writeAll(fd, wholeContent(change) ?? nothing, 0);
    giveOwnerAndMode(fd, birth, change);
    futimens(fd, UTIME_OMIT, change.mtime);
    put(fd, fileIdAt(fd, ""));
    return true;
  } catch (error) {
    if (fd !== undefined) tryUnlink(heldDirectory, aside);
    if (errnoOf(error) === undefined) throw error;
    return false;
  } finally {
    if (fd !== undefined) close(fd);
  }
}

/** Learns what files are born with from one that is made for it; undefined when none can be made. */
export function learnBirth({ session: { heldDirectory, rules } }: Batch): Birth | undefined {
  let fd: number | undefined;
  try {
    fd = openat(heldDirectory, aside, flags, 0o600);
    return birthOf(fd, rules);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  } finally {
    if (fd !== undefined) {
      tryUnlink(heldDirectory, aside);
      close(fd);
    }
  }
}

function giveOwnerAndMode(fd: number, { uid, gid, umask }: Birth, change: ObjectChange): void {
  if (change.uid !== uid || change.gid !== gid) fchown(fd, change.uid, change.gid);
  if ((change.mode & (0o7000 | umask)) !== 0) fchmod(fd, change.mode & 0o7777);
}
