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
  openatRaw,
  UTIME_OMIT,
} from "@belay/linux";
import { hasCode } from "@belay/supervise";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import type { Batch } from "./batch.ts";
import { birthOf, type Birth } from "./birth.ts";
import type { OwnerAndMode } from "../rpc/fill-messages.ts";
import { tryUnlink, wholeContent } from "./new-file.ts";
import { writeAll } from "./write-all.ts";

/** Name of a file while it is made, one at a time; what is left of one by a process that was killed goes with the next session. */
export const aside = Buffer.from("new");
/** The same with a NUL, as the `Raw` calls take names. */
export const asideCName = Buffer.from("new\0");

/** Where a file is made that gets its name by being moved. */
export const inHeld = ({ session }: Batch): MakeAt => ({ dirfd: session.heldDirectory, cName: asideCName });

/** How a file is opened that is made. */
export const asideFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const isPrivileged = process.geteuid?.() === 0;

/** What is given to a file besides its content. */
type Given = Pick<ObjectChange, "mode" | "uid" | "gid" | "mtime">;

/** Tells whether a file that came whole can be made with one descriptor, and nothing but its content, owner, mode and mtime. */
export function isPlain(birth: Birth, change: ObjectChange): boolean {
  if (change.nlink !== 1 || change.xattrs.length > 0 || wholeContent(change) === undefined) return false;
  return mayGive(birth, change);
}

/** Tells whether a file can be given this owner. */
export function mayGive(birth: Birth, { uid, gid }: Pick<Given, "uid" | "gid">): boolean {
  return isPrivileged || (uid === birth.uid && gid === birth.gid);
}

/** Where a file is made: a directory, and a name with its NUL. */
interface MakeAt {
  readonly dirfd: number;
  readonly cName: Uint8Array;
}

/**
 * Makes a file that {@link isPlain}, where nobody sees it.
 *
 * @param put  moves it to where it belongs; an errno error of it, or `EEXIST`, takes the file away
 * @returns what `put` returns, or false when it could not be made or put there: nothing is left of it
 */
export function makeAside(
  { dirfd, cName }: MakeAt,
  birth: Birth,
  given: Given,
  content: Buffer,
  put: (fd: number, here: FileId) => boolean,
): boolean {
  const fd = openatRaw(dirfd, cName, asideFlags, given.mode & 0o777);
  if (fd < 0) return false;
  try {
    writeAll(fd, content, 0);
    giveOwnerAndMode(fd, birth, given);
    futimens(fd, UTIME_OMIT, given.mtime);
    return put(fd, fileIdAt(fd, ""));
  } catch (error) {
    tryUnlink(dirfd, cName.subarray(0, -1));
    if (errnoOf(error) === undefined && !hasCode(error, "EEXIST")) throw error;
    return false;
  } finally {
    close(fd);
  }
}

/** Learns what files are born with from one that is made for it; undefined when none can be made. */
export function learnBirth({ session: { heldDirectory, rules } }: Batch): Birth | undefined {
  return withTrial(heldDirectory, (fd) => birthOf(fd, rules));
}

/** Learns something from a file that is made for it; undefined when it cannot be. */
export function withTrial<T>(heldDirectory: number, learn: (fd: number) => T): T | undefined {
  let fd: number | undefined;
  try {
    fd = openat(heldDirectory, aside, asideFlags, 0o600);
    return learn(fd);
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

/** Sets what a file was not born with. @throws errno errors */
export function giveOwnerAndMode(fd: number, { uid, gid, umask }: Birth, change: OwnerAndMode): void {
  if (change.uid !== uid || change.gid !== gid) fchown(fd, change.uid, change.gid);
  if ((change.mode & (0o7000 | umask)) !== 0) fchmod(fd, change.mode & 0o7777);
}
