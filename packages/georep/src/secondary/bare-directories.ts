import {
  errnoOf,
  fchmod,
  fchown,
  futimens,
  mkdirat,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  openat,
  ownStampOf,
  renameat2,
  RENAME_NOREPLACE,
  rmdirat,
  UTIME_OMIT,
} from "@belay/linux";

import { keyOf } from "../ids/file-id.ts";
import type { ApplyRequest, EntryChange, ObjectChange } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import { statAt } from "../tree/read-object.ts";
import { learnBirth, mayGive } from "./aside-file.ts";
import { remember } from "./attach.ts";
import { openDirectory, type Batch, type Order } from "./batch.ts";
import { hasOwnerAndMode } from "./birth.ts";
import { heldNameOf } from "./held-name.ts";
import { endHiding, hiddenOrder, hide, hideIn } from "./hidden.ts";
import type { Rest } from "./make-at-once.ts";
import { isBound } from "./own-access.ts";
import { Parents } from "./parents.ts";

// New directories of a comparison that are to have nothing but owner, mode and mtime: nearly all of a first copy. They stay open from the begin, so that
// nothing has to be looked for, and each takes a third of what the general way takes. What is not so plain goes that way, errors too.

/**
 * Makes new directories that nothing stands in the way of, hidden as `makeHidden` does it.
 *
 * @returns what is left of the request; the directories get their owners and modes when the batch is finished
 */
export function makeDirectoriesAtOnce(batch: Batch, { objects }: ApplyRequest, { entries, isDone }: Rest): Rest {
  if (isBound || batch.session.rules.ignoreDeletes) return { entries, isDone };
  const parents = new Parents(batch);
  const rest = entries.filter((entry) => {
    const change = entry.object === undefined ? undefined : objects[entry.object];
    if (change === undefined || !mayMake(batch, change)) return true;
    const dirfd = parents.open(entry.parent);
    return dirfd === undefined || !make(batch, dirfd, entry, change);
  });
  return { entries: rest, isDone };
}

function mayMake(batch: Batch, change: ObjectChange): boolean {
  if (!isDirectory(change.mode) || change.content !== "compare" || batch.session.map.isKnown(change.id)) return false;
  batch.birth ??= learnBirth(batch);
  return isPlain(batch, change);
}

function isPlain({ birth }: Batch, change: ObjectChange): boolean {
  return birth?.isBare === true && change.xattrs.length === 0 && mayGive(birth, change);
}

function make(batch: Batch, dirfd: number, { parent, name }: EntryChange, change: ObjectChange): boolean {
  const { session, directories, bare, madeDirectories } = batch;
  const top = hiddenOrder(batch, parent);
  if (top === undefined && statAt(dirfd, name) !== undefined) return false; // in a hidden one nobody puts anything
  const key = keyOf(change.id);
  const at = top === undefined ? { dirfd: session.heldDirectory, name: heldNameOf(change.id) } : { dirfd, name };
  const fd = makeAndOpen(at);
  if (fd === undefined) return false;
  remember(batch, change, { dirfd: fd, name: itself });
  directories.set(key, fd);
  bare.add(key);
  madeDirectories.push(change.id);
  if (top === undefined) hide(batch, { parent, name, change, isNew: false }, at.name);
  else {
    hideIn(batch, change.id, top);
    session.map.putName({ parent, name }, change.id);
  }
  return true;
}

const itself = Buffer.alloc(0);

function makeAndOpen({ dirfd, name }: { readonly dirfd: number; readonly name: Buffer }): number | undefined {
  try {
    mkdirat(dirfd, name, 0o700);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
  try {
    return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    rmdirat(dirfd, name);
    return undefined;
  }
}

/**
 * Gives a bare directory that is hidden its name.
 *
 * @returns false when that has to be done in the general way
 */
export function showBare(batch: Batch, order: Order): boolean {
  const { session, bare, hidden } = batch;
  const { change, parent, name } = order;
  const key = keyOf(change.id);
  const dirfd = bare.has(key) && hidden.orders.get(key) === order ? openDirectory(batch, parent) : undefined;
  if (dirfd === undefined) return false;
  try {
    renameat2(session.heldDirectory, heldNameOf(change.id), dirfd, name, RENAME_NOREPLACE);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
  session.held.delete(key);
  endHiding(batch, change.id);
  session.map.putName({ parent, name }, change.id);
  return true;
}

/**
 * Gives a bare directory owner, mode and mtime, and notes what it is like.
 *
 * @returns false when that has to be done in the general way
 */
export function completeBare(batch: Batch, change: ObjectChange): boolean {
  const { map } = batch.session;
  const key = keyOf(change.id);
  const fd = batch.directories.get(key); // none: too many were open
  const known = fd === undefined || !batch.bare.has(key) || !isPlain(batch, change) ? undefined : map.get(change.id);
  if (fd === undefined || known === undefined) return false;
  const { mode, uid, gid, size, mtime, ctime, settled } = change;
  try {
    if (uid !== batch.birth?.uid || gid !== batch.birth.gid) fchown(fd, uid, gid);
    fchmod(fd, mode & 0o7777);
    futimens(fd, UTIME_OMIT, mtime);
    const stamp = ownStampOf(fd);
    if (!hasOwnerAndMode(stamp, change)) return false;
    map.put({ ...known, mode, size, mtime, ctime: settled ? ctime : 0n, hereCtime: stamp.ctime });
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false; // it may have been opened anew, for its path only
  }
}
