import {
  close,
  linkat,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  openat2,
  pread,
  ftruncate,
  unlinkat,
} from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { fileIdAt, keyOf } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { isRegular } from "../tree/object-state.ts";
import { hasId, isGone, statAt } from "../tree/read-object.ts";
import { keepAttributes } from "./unreplicated.ts";
import { conflictName } from "./conflict-name.ts";
import { inTheWay, openDirectory, placeOf, type Batch, type Place } from "./batch.ts";
import { keepTimes } from "./keep-times.ts";
import { linkOver } from "./link-over.ts";
import type { MappedObject } from "./map-rows.ts";
import { openPlace } from "./own-access.ts";
import { putOver } from "./put-over.ts";
import { beneath } from "./beneath.ts";
import { tryUnlink } from "./new-file.ts";
import { openInPlace } from "./suspects.ts";
import { mayBeWorkOfOurs } from "./unsure.ts";
import { writeAll } from "./write-all.ts";

/** Makes the content of a file what it has to be when it came along, or asks for it when it is needed. */
export function settleContent(batch: Batch, change: ObjectChange): void {
  const key = keyOf(change.id);
  if (!isRegular(change.mode) || batch.made.has(key)) return;
  const object = batch.session.map.get(change.id);
  const place = object && placeOf(batch, object);
  const stat = place && statAt(place.dirfd, place.name);
  if (object === undefined || place === undefined || stat === undefined) return;
  if (!needsContent(change, object, stat.ctime === object.hereCtime)) return;
  const bytes = change.inline ?? (change.size === 0 ? Buffer.alloc(0) : undefined);
  if (bytes !== undefined) {
    replaceContent(batch, object, place, bytes);
    return;
  }
  batch.lacking.add(key);
  batch.wants.set(key, { id: change.id, base: batch.session.mayHaveLost ? 0 : stat.size });
}

function needsContent(change: ObjectChange, object: MappedObject, isIntact: boolean): boolean {
  if (change.content === "renew") return true; // what is here is not what we left, whatever its times say
  if (object.size !== change.size || object.mtime !== change.mtime) return true;
  if (change.content === "keep") return false;
  return !isIntact || object.ctime === 0n || object.ctime !== change.ctime;
}

function replaceContent(batch: Batch, object: MappedObject, place: Place, bytes: Buffer): void {
  if (!batch.session.mayHaveLost && hasContent(place, bytes)) return;
  if (mustStay(batch, place)) {
    const fd = openInPlace(batch.session, place, object);
    try {
      writeAll(fd, bytes, 0);
      ftruncate(fd, bytes.length);
    } finally {
      close(fd);
    }
    return;
  }
  const { fd, name } = makeTemporary(batch, object);
  try {
    writeAll(fd, bytes, 0);
  } catch (error) {
    tryUnlink(batch.session.heldDirectory, name);
    throw error;
  } finally {
    close(fd);
  }
  install(batch, object, name);
}

function hasContent(place: Place, bytes: Buffer): boolean {
  if (statAt(place.dirfd, place.name)?.size !== bytes.length) return false;
  const fd = openPlace(place, O_RDONLY);
  try {
    const present = Buffer.allocUnsafe(bytes.length);
    return pread(fd, present, 0) === bytes.length && present.equals(bytes);
  } finally {
    close(fd);
  }
}

/** Tells whether the file has to be written in place, because other names of it would keep the old content. */
export function mustStay({ adopted, session }: Batch, { dirfd, name }: Place): boolean {
  const stat = statAt(dirfd, name);
  const object = session.map.byHere(fileIdAt(dirfd, name), stat);
  return stat !== undefined && stat.nlink > 1 && !(object !== undefined && adopted.has(keyOf(object.id)));
}

/** A file beside the held ones, for content that will take the place of another. */
export function makeTemporary({ session }: Batch, { id }: MappedObject): { fd: number; name: Buffer } {
  const name = Buffer.from(`${id.toString("hex")}.new`);
  try {
    unlinkat(session.heldDirectory, name);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
  return { fd: openat2(session.heldDirectory, name, flags, beneath, 0o600), name };
}

/**
 * Puts a complete file from `held/` in the place of the one that stands for the object, under all its names. What was not ours there is kept
 * aside.
 *
 * @throws BelayError `ENOENT` when somebody has taken that one away meanwhile; `EEXIST` when it is not ours and may not be moved
 */
export function install(batch: Batch, object: MappedObject, temporary: Buffer): void {
  try {
    putInPlaceOf(batch, object, temporary);
  } catch (error) {
    tryUnlink(batch.session.heldDirectory, temporary);
    throw error;
  }
}

function putInPlaceOf(batch: Batch, object: MappedObject, temporary: Buffer): void {
  const { session, adopted } = batch;
  const place = placeOf(batch, object);
  if (place === undefined) throw new BelayError("ENOENT", "the file that the content is for is not here any more");
  const others = otherNames(batch, object, place);
  const stat = statAt(place.dirfd, place.name);
  const isForeign = adopted.has(keyOf(object.id)) && !mayBeWorkOfOurs(session, { here: object.here, origin: stat });
  if (isForeign && !session.rules.setsConflictsAside) throw inTheWay(place.name);
  adopted.delete(keyOf(object.id));
  if (isForeign) linkat(place.dirfd, place.name, session.conflictsDirectory, conflictName(place.name));
  keepAttributes(session, place, { dirfd: session.heldDirectory, name: temporary });
  keepTimes(batch, place.dirfd, () => {
    const here = putOver(session, temporary, { ...place, here: object.here });
    session.map.put({ ...object, here, hereCtime: 0n });
  });
  for (const other of others)
    keepTimes(batch, other.dirfd, () => linkOver(session, object.id, place, { ...other, here: object.here }));
}

// Those of a file that was adopted: any other with several names is written in place.
function otherNames(batch: Batch, { id, here }: MappedObject, place: Place): { dirfd: number; name: Buffer }[] {
  if ((statAt(place.dirfd, place.name)?.nlink ?? 0) < 2) return [];
  return batch.session.map.namesOf(id).flatMap(({ parent, name }) => {
    const dirfd = openDirectory(batch, parent);
    const isPlace = dirfd === place.dirfd && name.equals(place.name);
    return dirfd !== undefined && !isPlace && hasId(dirfd, name, here) ? [{ dirfd, name }] : [];
  });
}
