import {
  close,
  errno,
  errnoOf,
  O_RDONLY,
  renameat2,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  startWriting,
  unlinkat,
} from "@belay/linux";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import { isRegular } from "../tree/object-state.ts";
import { fileIdIfThere, hasId, statAt } from "../tree/read-object.ts";
import { inTheWay } from "./batch.ts";
import { setAside } from "./not-ours.ts";
import { openPlace } from "./own-access.ts";
import type { Session } from "./session.ts";
import { holdStranger, type Standing } from "./take-name.ts";

/** A file that is open, and its id. */
export interface OpenFile {
  readonly fd: number;
  readonly here: FileId;
}

/**
 * Gives a file of `held/` its name.
 *
 * @param replaced  id of another file that stands at the name and goes, see {@link putOver}; undefined: nothing is to stand there
 * @throws ErrnoError `EEXIST` when something does
 */
export function nameHeld(
  session: Session,
  file: Buffer,
  { dirfd, name, replaced }: Omit<Standing, "here"> & { readonly replaced: FileId | undefined },
  open?: OpenFile,
): void {
  if (replaced === undefined) renameat2(session.heldDirectory, file, dirfd, name, RENAME_NOREPLACE);
  else putOver(session, file, { dirfd, name, here: replaced }, open);
}

/**
 * Has a name stand for a file of `held/` in the place of another one, which goes; a reader finds one of both. Somebody may have put something there since we
 * looked: so they change places, and what came out is looked at. What is not what was known goes to `conflicts/`.
 *
 * @param open  the file, where it is open
 * @returns id of the file
 * @throws BelayError `EEXIST` when such things may not be moved aside: the name stands for what it did
 */
export function putOver(session: Session, file: Buffer, at: Standing, open?: OpenFile): FileId {
  const { heldDirectory } = session;
  const own = open?.here ?? fileIdAt(heldDirectory, file);
  if (open === undefined) beginToWrite(heldDirectory, file);
  else startWriting(open.fd);
  if (!exchange(heldDirectory, file, at)) return own;
  try {
    const came = fileIdIfThere(heldDirectory, file);
    if (came === undefined) return own;
    const isKnown = came.equals(at.here) || came.equals(own) || hasId(heldDirectory, file, at.here);
    if (isKnown) unlinkat(heldDirectory, file);
    else if (session.rules.setsConflictsAside) setAside(session, heldDirectory, file, at.name);
    else throw inTheWay(at.name);
  } catch (error) {
    changeBack(session, file, at, own);
    throw error;
  }
  return own;
}

// What comes back is ours, unless somebody was quicker once more.
function changeBack(session: Session, file: Buffer, at: Standing, own: FileId): void {
  try {
    exchange(session.heldDirectory, file, at);
  } catch {
    // What is in held now is looked at either way.
  }
  const left = fileIdIfThere(session.heldDirectory, file);
  if (left !== undefined && !left.equals(own)) holdStranger(session, session.heldDirectory, file, at.name);
}

// ext4 does so by itself when a file takes the place of another by rename(2), and not when they change places: the name of what had a content might stand
// for an empty file after the power has failed.
function beginToWrite(dirfd: number, name: Buffer): void {
  const stat = statAt(dirfd, name);
  if (stat === undefined || !isRegular(stat.mode) || stat.size === 0) return;
  const fd = openPlace({ dirfd, name }, O_RDONLY);
  try {
    startWriting(fd);
  } finally {
    close(fd);
  }
}

/** @returns false: there is nothing to look at, as nothing stood there any more, or the file system can only let go of what did */
function exchange(held: number, file: Buffer, { dirfd, name }: Standing): boolean {
  try {
    renameat2(held, file, dirfd, name, RENAME_EXCHANGE);
    return true;
  } catch (error) {
    const number = errnoOf(error);
    if (number === errno.ENOENT) renameat2(held, file, dirfd, name, RENAME_NOREPLACE);
    else if (number !== undefined && cannotExchange.includes(number)) renameat2(held, file, dirfd, name);
    else throw error;
    return false;
  }
}

const cannotExchange: readonly number[] = [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP];
