import { keyOf, type FileId } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { isRegular } from "../tree/object-state.ts";
import { statAt } from "../tree/read-object.ts";
import { placeOf, trimDirectories, type Batch, type Place } from "./batch.ts";
import { isBound } from "./own-access.ts";
import type { MappedObject } from "./map-rows.ts";

/** Does something with an object where it is now. @returns whether it is here */
export function withPlace(batch: Batch, id: FileId, action: (place: Place, object: MappedObject) => void): boolean {
  trimDirectories(batch);
  const { session } = batch;
  const object = session.map.get(id);
  if (object === undefined) return false;
  const fd = openAlready(batch, id);
  const place = fd === undefined ? placeOf(batch, object) : { dirfd: fd, name: itself, isHeld: false };
  if (place === undefined) return false;
  action(place, object);
  return true;
}

const itself = Buffer.from(".");

// To others than root a directory that is open may have been shut since.
function openAlready({ session, directories }: Batch, id: FileId): number | undefined {
  if (id.equals(session.rootId)) return session.root;
  return isBound ? undefined : directories.get(keyOf(id));
}

/** Notes what an object is like now. What failed or did not come is noted as unknown, so that a later look finds it wanting. */
export function stamp(batch: Batch, change: ObjectChange, hasFailed: boolean): void {
  const { id, mode, size, mtime, ctime } = change;
  const isLacking = batch.lacking.has(keyOf(id));
  // It is still somebody else's, and to be kept aside when the content comes.
  if (isLacking && batch.adopted.has(keyOf(id))) {
    batch.session.map.removeObject(id);
    return;
  }
  withPlace(batch, id, (place, object) => {
    const hereCtime = hasFailed ? 0n : (statAt(place.dirfd, place.name)?.ctime ?? 0n);
    const known = isLacking ? lacking : { size, mtime, ctime: tellsChanges(change, object) ? ctime : 0n };
    batch.session.map.put({ ...object, mode, hereCtime, ...known });
  });
}

const lacking = { size: -1, mtime: 0n, ctime: 0n };

/**
 * Tells whether the ctime of an object stands for all of it. It does not where nobody looked at the content of a file: the record that says so may
 * come later, and must not find that it is known already.
 */
function tellsChanges({ content, settled, mode, size, mtime, ctime }: ObjectChange, known: MappedObject): boolean {
  const isUnread = isRegular(mode) && content === "keep" && known.size === size && known.mtime === mtime;
  return settled && !(isUnread && known.ctime !== ctime);
}

/** Notes that an object was last changed by us. */
export function restamp(batch: Batch, id: FileId): void {
  withPlace(batch, id, (place, object) => {
    batch.session.map.put({ ...object, hereCtime: statAt(place.dirfd, place.name)?.ctime ?? 0n });
  });
}
