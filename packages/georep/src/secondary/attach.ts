import {
  close,
  linkat,
  makedev,
  mkdirat,
  mknodat,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDWR,
  openat2,
  renameat2,
  RENAME_NOREPLACE,
  symlinkat,
  unlinkat,
} from "@belay/linux";

import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { isDirectory, isLink, isRegular, typeOf } from "../tree/object-state.ts";
import { inheritAcl } from "./unreplicated.ts";
import { attempt, inTheWay, keyOfName, look, noParent, noteFound, openDirectory, placeOf, touch } from "./batch.ts";
import type { Batch, Found, Order, Place } from "./batch.ts";
import { detach } from "./detach.ts";
import { openNamed } from "./directory-modes.ts";
import { heldNameOf } from "./held-name.ts";
import { endHiding, hiddenOrder, liesHidden, makeHidden } from "./hidden.ts";
import { keepTimes } from "./keep-times.ts";
import { linkOver } from "./link-over.ts";
import type { MappedName } from "./map-rows.ts";
import { isNewFile, makeNewFile } from "./new-file.ts";
import { nameHeld } from "./put-over.ts";
import { noteReplaced } from "./suspects.ts";
import { beneath } from "./beneath.ts";
import { writeAll } from "./write-all.ts";

/**
 * Makes a name stand for its object: moved or linked to where it has to be when it is known, made when it is not.
 *
 * @param waiting  orders of the batch by object: a directory that is to be attached itself goes before what is in it
 * @throws BelayError `EPARENT` when the directory of the name is not known here
 */
export function attach(batch: Batch, order: Order, waiting: Map<string, Order>): void {
  const { parent, name, change } = order;
  const dirfd = openParent(batch, order, waiting);
  if (batch.session.map.isKnown(change.id)) reveal(batch, parent);
  if (order.isNew) {
    // It is known by now when another name of it was there before.
    if (isNewFile(batch, change) && makeNewFile(batch, order, dirfd, undefined)) return;
    detach(batch, order, change);
  }
  const found = lookPastStrangers(batch, order, dirfd);
  if (found?.object?.id.equals(change.id)) {
    noteFound(batch, order, found.object);
    return;
  }
  if (found !== undefined && found.object === undefined) throw inTheWay(name);
  if (isNewFile(batch, change) && makeNewFile(batch, order, dirfd, found?.here)) return;
  const isAttached = isDirectory(change.mode)
    ? attachDirectory(batch, order, dirfd)
    : attachFile(batch, order, dirfd, found?.here);
  if (!isAttached) return;
  batch.session.map.putName({ parent, name }, change.id);
}

// What waited until the batch is finished had its name looked at long before.
function lookPastStrangers(batch: Batch, order: Order, dirfd: number): Found | undefined {
  const found = look(batch, dirfd, order.name);
  if (found === undefined || found.object !== undefined) return found;
  detach(batch, order, order.change);
  return look(batch, dirfd, order.name);
}

function openParent(batch: Batch, { parent, name }: Order, waiting: Map<string, Order>): number {
  const before = waiting.get(keyOf(parent));
  if (before !== undefined) {
    waiting.delete(keyOf(parent));
    attach(batch, before, waiting);
  }
  const dirfd = openDirectory(batch, parent);
  if (dirfd !== undefined) return dirfd;
  throw noParent(name);
}

/**
 * Something is said anew of a name, and what waited for it counts no more. A hidden directory gets the name nevertheless, as if it had had it all
 * along: what is said now deals with it as with any other.
 */
export function withdraw(batch: Batch, named: MappedName): void {
  const order = batch.postponed.get(keyOfName(named));
  if (order === undefined) return;
  const { change, parent, name } = order;
  attempt(batch, parent, name, () => reveal(batch, change.id));
  endHiding(batch, change.id);
  batch.postponed.delete(keyOfName(named));
}

// Something that may be elsewhere comes into a directory: what is cut off must not take it along.
function reveal(batch: Batch, directory: FileId): void {
  const order = hiddenOrder(batch, directory);
  if (order !== undefined) attach(batch, order, new Map());
}

/** @returns false when the directory is hidden until the batch is finished */
function attachDirectory(batch: Batch, order: Order, dirfd: number): boolean {
  const { name, change } = order;
  const { map, held } = batch.session;
  const known = map.get(change.id);
  const place = known && placeOf(batch, known);
  if (known === undefined || place === undefined) {
    const made = change.content === "compare" ? makeHidden(batch, order, dirfd) : makeInPlace(dirfd, name);
    remember(batch, change, made);
    batch.madeDirectories.push(change.id);
    return !made.isHeld;
  }
  if (liesHidden(batch, change.id)) reveal(batch, change.id);
  openNamed(batch, known, place);
  keepTimes(batch, place.dirfd, () => renameat2(place.dirfd, place.name, dirfd, name, RENAME_NOREPLACE));
  held.delete(keyOf(change.id));
  endHiding(batch, change.id);
  map.removeNamesOf(change.id);
  return true;
}

function makeInPlace(dirfd: number, name: Buffer): Place {
  mkdirat(dirfd, name, 0o700);
  return { dirfd, name, isHeld: false };
}

/**
 * @param replaced  id of another file that stands at the name and goes
 * @returns false when the file has to be complete first
 */
function attachFile(batch: Batch, order: Order, dirfd: number, replaced: FileId | undefined): boolean {
  const { map, held } = batch.session;
  const key = keyOf(order.change.id);
  const known = map.get(order.change.id);
  const place = (known && placeOf(batch, known)) ?? make(batch, order.change, dirfd);
  if (batch.incomplete.has(key)) {
    batch.postponed.set(keyOfName(order), order);
    batch.wants.set(key, { id: order.change.id, base: 0 });
    return false;
  }
  const { name } = order;
  if (place.isHeld) {
    nameHeld(batch.session, place.name, { dirfd, name, replaced });
    held.delete(key);
    return true;
  }
  const source = look(batch, place.dirfd, place.name);
  if (source !== undefined) touch(batch, source);
  if (replaced !== undefined) linkOver(batch.session, order.change.id, place, { dirfd, name, here: replaced });
  else linkat(place.dirfd, place.name, dirfd, name);
  return true;
}

const nothing = Buffer.alloc(0);

// New files are made aside and get their name when they are complete: nobody sees a half of one.
function make(batch: Batch, change: ObjectChange, parent: number): Place {
  const { heldDirectory, held } = batch.session;
  const key = keyOf(change.id);
  const name = heldNameOf(change.id);
  if (isRegular(change.mode)) {
    makeFile(heldDirectory, name, change.inline ?? Buffer.alloc(0));
    if (change.inline === undefined && change.size > 0) {
      batch.incomplete.add(key);
      batch.lacking.add(key);
    }
  } else if (isLink(change.mode)) symlinkat(change.target, heldDirectory, name);
  else mknodat(heldDirectory, name, typeOf(change.mode) | 0o600, makedev(change.rdevMajor, change.rdevMinor));
  held.set(key, name);
  batch.made.add(key);
  const place = { dirfd: heldDirectory, name, isHeld: true };
  if (!isLink(change.mode)) attempt(batch, change.id, nothing, () => inheritAcl(batch.session, parent, place, false));
  remember(batch, change, place);
  return place;
}

function makeFile(dirfd: number, name: Buffer, content: Buffer): void {
  const fd = openat2(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, beneath, 0o600);
  try {
    writeAll(fd, content, 0);
  } catch (error) {
    unlinkat(dirfd, name); // no room: the next attempt begins anew
    throw error;
  } finally {
    close(fd);
  }
}

/** Notes an object that was made just now and has no name yet. Size and times are noted at the end of the batch, when they are true. */
export function remember({ session }: Batch, change: ObjectChange, { dirfd, name }: Omit<Place, "isHeld">): void {
  const { id, mode } = change;
  const here = fileIdAt(dirfd, name);
  noteReplaced(session, change, here);
  session.map.removeNamesOf(id);
  session.map.put({
    id,
    here,
    mode,
    size: change.size,
    mtime: change.mtime,
    ctime: 0n,
    hereCtime: 0n,
  });
}
