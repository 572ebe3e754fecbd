import { fsync, renameat2, RENAME_NOREPLACE, syncfs, unlinkat } from "@belay/linux";

import { idOfKey, keyOf, type FileId } from "../ids/file-id.ts";
import type { Failure, ObjectChange } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import { fileIdIfThere, statAt } from "../tree/read-object.ts";
import { attach } from "./attach.ts";
import { completeBare, showBare } from "./bare-directories.ts";
import { attempt, closeDirectories, type Batch, type Order } from "./batch.ts";
import { conflictName } from "./conflict-name.ts";
import { deepestFirst, giveBackAllModes, giveModeBack } from "./directory-modes.ts";
import { putFinished } from "./finished.ts";
import { goneNameOf } from "./held-name.ts";
import { abandonAll } from "./incoming.ts";
import { applyMetadata } from "./metadata.ts";
import { moveAway, removalIn, setAside } from "./not-ours.ts";
import { removeOurs } from "./remove-ours.ts";
import type { Session } from "./session.ts";
import { dropSparedNames } from "./spared.ts";
import { restamp, stamp, withPlace } from "./stamps.ts";
import { endSuspicion } from "./suspects.ts";
import { isWorkOfOurs, keepUnsure, noteSure } from "./unsure.ts";

const nothing = Buffer.alloc(0);

/** Completes a batch: names of files that are complete now, metadata, deletions; durable when this returns. */
export function finishBatch(batch: Batch): readonly Failure[] {
  abandonAll(batch);
  batch.failures.length = 0;
  for (const order of [...batch.postponed.values()])
    attempt(batch, order.parent, order.name, () => nameAtLast(batch, order));
  dropSparedNames(batch); // changes the times of directories
  const changes = [...batch.changes.entries()].flatMap(([key, change]) => (batch.complete.has(key) ? [] : [change]));
  const [files, directories] = [
    changes.filter((c) => !isDirectory(c.mode)),
    changes.filter((c) => isDirectory(c.mode)),
  ];
  const failed = new Set(files.filter((change) => !setMetadata(batch, change)));
  release(batch);
  for (const change of files) stamp(batch, change, failed.has(change));
  for (const key of batch.touched) if (!batch.changes.has(key) || batch.complete.has(key)) restamp(batch, idOfKey(key));
  for (const change of deepestFirst(batch, directories)) {
    if (!completeBare(batch, change)) stamp(batch, change, !setMetadata(batch, change));
  }
  giveBackAllModes(batch);
  makeDurable(batch.session);
  closeDirectories(batch);
  return batch.failures;
}

// After an error the kernel calls what it could not write clean, and says nothing of it the next time.
function makeDurable(session: Session): void {
  const { root, map } = session;
  try {
    syncfs(root);
    fsync(root);
  } catch (error) {
    map.rollback();
    session.mayHaveLost = true;
    throw error;
  }
  noteSure(map);
  if (session.unsure !== undefined) keepUnsure(map, session.unsure);
  putFinished(map, session.finished + 1);
  map.commit();
  endSuspicion(session);
  session.modesBefore.settle();
  session.work.end();
  session.finished++;
  session.mayHaveLost = false;
}

function nameAtLast(batch: Batch, order: Order): void {
  const { parent: id, name, change } = order;
  if (showBare(batch, order)) return;
  if (!batch.incomplete.has(keyOf(change.id))) attach(batch, order, new Map());
  else batch.failures.push({ id, name, code: "ENODATA", message: "its content did not come" });
}

/** @returns whether nothing failed */
function setMetadata(batch: Batch, change: ObjectChange): boolean {
  const failures = batch.failures.length;
  attempt(batch, change.id, nothing, () =>
    withPlace(batch, change.id, (place) => {
      applyMetadata(place, change, batch.session);
      batch.session.modesBefore.forget(change.id); // it has a mode of its own again
    }),
  );
  return batch.failures.length === failures;
}

// What no name wants any more. What was never ours is not for us to delete. What cannot be removed is tried again with the next batch.
function release(batch: Batch): void {
  const { held, leftHeld, strangers, map } = batch.session;
  removeGone(batch); // of a batch that was cut off
  for (const [key, name] of held) {
    const id = idOfKey(key);
    if (leftHeld.has(key) && map.namesOf(id).length > 0) continue;
    attempt(batch, id, nothing, () => {
      const isGone = discard(batch, id, name);
      held.delete(key);
      if (isGone) forgetNameless(batch.session, id);
    });
  }
  for (const [name, was] of strangers) {
    releaseStranger(batch, Buffer.from(name), was);
    strangers.delete(name);
  }
  removeGone(batch);
}

function removeGone(batch: Batch): void {
  const { gone, heldDirectory, rootId } = batch.session;
  for (const [key, id] of gone)
    attempt(batch, id.length > 0 ? id : rootId, nothing, () => {
      removeOurs(removalIn(batch.session), heldDirectory, idOfKey(key));
      gone.delete(key);
      forgetNameless(batch.session, id);
    });
}

function forgetNameless({ map, held }: Session, id: FileId): void {
  if (id.length > 0 && !held.has(keyOf(id)) && map.namesOf(id).length === 0) map.removeTree(id);
}

/**
 * Removes what lies in `held/`. A directory gets another name for now: a batch that is cut off while it is removed leaves a part of it, which must not be
 * taken for it.
 *
 * @param id  of what it is; empty: nothing known
 * @returns false: it is removed with those that are {@link Session.gone}
 */
function discard(batch: Batch, id: FileId, name: Buffer): boolean {
  const { session } = batch;
  const { heldDirectory, rules, gone } = session;
  const stat = statAt(heldDirectory, name);
  if (stat === undefined) return true;
  if (!isDirectory(stat.mode)) {
    unlinkat(heldDirectory, name);
    return true;
  }
  if (rules.ignoreDeletes) {
    // Something else has taken the name; what is in it was not to be deleted.
    giveModeBack(batch, id);
    moveAway({ dirfd: heldDirectory, name }, session.conflictsDirectory, conflictName(name));
    return true;
  }
  let count = 0;
  while (gone.has(keyOf(goneNameOf(name, count)))) count++;
  const goneName = goneNameOf(name, count);
  renameat2(heldDirectory, name, heldDirectory, goneName, RENAME_NOREPLACE);
  gone.set(keyOf(goneName), id);
  return false;
}

// It may well be what a batch that was cut off has made, and what the source has given up meanwhile.
function releaseStranger(batch: Batch, name: Buffer, was: Buffer): void {
  const { heldDirectory, rules } = batch.session;
  const here = fileIdIfThere(heldDirectory, name);
  const origin = statAt(heldDirectory, name);
  if (here === undefined) return;
  if (!rules.ignoreDeletes && isWorkOfOurs(batch.session, { here, origin })) discard(batch, nothing, name);
  else setAside(batch.session, heldDirectory, name, was);
}
