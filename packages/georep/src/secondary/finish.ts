import { fsync, renameat2, RENAME_NOREPLACE, syncfs } from "@belay/linux";

import { idOfKey, keyOf, type FileId } from "../ids/file-id.ts";
import type { Failure, ObjectChange } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import { statAt } from "../tree/read-object.ts";
import { attach } from "./attach.ts";
import { attempt, closeDirectories, placeOf, trimDirectories, type Batch, type Place } from "./batch.ts";
import { conflictName } from "./content.ts";
import { abandonAll } from "./incoming.ts";
import { applyMetadata } from "./metadata.ts";
import type { MappedObject } from "./object-map.ts";
import { removeOurs } from "./remove-ours.ts";
import { dropSparedNames } from "./spared.ts";

const nothing = Buffer.alloc(0);

/** Completes a batch: names of files that are complete now, metadata, deletions; durable when this returns. */
export function finishBatch(batch: Batch): readonly Failure[] {
  abandonAll(batch);
  batch.failures.length = 0;
  for (const order of batch.postponed.values())
    attempt(batch, order.parent, order.name, () => {
      if (!batch.incomplete.has(keyOf(order.change.id))) attach(batch, order, new Map());
      else
        batch.failures.push({
          id: order.parent,
          name: order.name,
          code: "ENODATA",
          message: "its content did not come",
        });
    });
  dropSparedNames(batch); // changes the times of directories
  const changes = [...batch.changes.entries()].flatMap(([key, change]) => (batch.complete.has(key) ? [] : [change]));
  const directoriesLast = [
    ...changes.filter((c) => !isDirectory(c.mode)),
    ...changes.filter((c) => isDirectory(c.mode)),
  ];
  const failed = new Set<string>();
  for (const change of directoriesLast) {
    const failures = batch.failures.length;
    attempt(batch, change.id, nothing, () =>
      withPlace(batch, change.id, (place) => applyMetadata(place, change, batch.session)),
    );
    if (batch.failures.length > failures) failed.add(keyOf(change.id));
  }
  release(batch);
  for (const change of changes) stamp(batch, change, failed.has(keyOf(change.id)));
  for (const key of batch.touched) if (!batch.changes.has(key) || batch.complete.has(key)) restamp(batch, idOfKey(key));
  syncfs(batch.session.root);
  fsync(batch.session.root);
  batch.session.map.commit();
  closeDirectories(batch);
  return batch.failures;
}

function withPlace(batch: Batch, id: FileId, action: (place: Place, object: MappedObject) => void): void {
  trimDirectories(batch);
  const { session } = batch;
  const object = session.map.get(id);
  if (object === undefined) return;
  const root: Place = { dirfd: session.root, name: Buffer.from("."), isHeld: false };
  const place = id.equals(session.rootId) ? root : placeOf(batch, object);
  if (place !== undefined) action(place, object);
}

// What no name wants any more. What was never ours is not for us to delete. What cannot be removed is tried again with the next batch.
function release(batch: Batch): void {
  const { held, strangers, map } = batch.session;
  for (const [key, name] of held) {
    const id = idOfKey(key);
    attempt(batch, id, nothing, () => {
      remove(batch, name);
      held.delete(key);
      if (map.namesOf(id).length === 0) map.removeTree(id);
    });
  }
  for (const [name, was] of strangers) {
    setAside(batch, batch.session.heldDirectory, Buffer.from(name), was);
    strangers.delete(name);
  }
}

function remove(batch: Batch, name: Buffer): void {
  const { heldDirectory, map, rules, isRecovering } = batch.session;
  const stat = rules.ignoreDeletes ? statAt(heldDirectory, name) : undefined;
  // Something else has taken the name; what is in it was not to be deleted.
  if (stat !== undefined && isDirectory(stat.mode))
    renameat2(heldDirectory, name, batch.session.conflictsDirectory, conflictName(name), RENAME_NOREPLACE);
  else {
    const isOurs = (here: FileId) => isRecovering || map.byHere(here) !== undefined;
    removeOurs({ isOurs, setAside: (dirfd, child) => setAside(batch, dirfd, child, child) }, heldDirectory, name);
  }
}

function setAside({ session }: Batch, dirfd: number, name: Buffer, was: Buffer): void {
  renameat2(dirfd, name, session.conflictsDirectory, conflictName(was), RENAME_NOREPLACE);
  session.logger.warn(
    `${JSON.stringify(was.toString())} was in the way and not ours: moved to the conflicts directory`,
  );
}

// What failed or did not come is noted as unknown, so that a later look finds it wanting.
function stamp(batch: Batch, { id, mode, size, mtime, ctime, settled }: ObjectChange, hasFailed: boolean): void {
  const isLacking = batch.lacking.has(keyOf(id));
  // It is still somebody else's, and to be kept aside when the content comes.
  if (isLacking && batch.adopted.has(keyOf(id))) {
    batch.session.map.removeNamesOf(id);
    batch.session.map.removeObject(id);
    return;
  }
  withPlace(batch, id, (place, object) => {
    const hereCtime = hasFailed ? 0n : (statAt(place.dirfd, place.name)?.ctime ?? 0n);
    const known = isLacking ? { size: -1, mtime: 0n, ctime: 0n } : { size, mtime, ctime: settled ? ctime : 0n };
    batch.session.map.put({ ...object, mode, hereCtime, ...known });
  });
}

function restamp(batch: Batch, id: FileId): void {
  withPlace(batch, id, (place, object) => {
    batch.session.map.put({ ...object, hereCtime: statAt(place.dirfd, place.name)?.ctime ?? 0n });
  });
}
