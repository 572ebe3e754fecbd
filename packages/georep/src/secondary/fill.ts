import {
  close,
  errnoOf,
  FixedMemory,
  longestHandle,
  lookAtFile,
  looked,
  openatRaw,
  pwriteRaw,
  renameat2Raw,
  RENAME_NOREPLACE,
  setMtime,
} from "@belay/linux";

import { putFileId, type FileId } from "../ids/file-id.ts";
import { fileHead, FillReader, maxFilled } from "../rpc/fill-messages.ts";
import { readId } from "../rpc/messages.ts";
import { malformed, type WireReader } from "../rpc/wire.ts";
import { asideFlags, giveOwnerAndMode, inHeld, learnBirth, mayGive, type MakeAt } from "./aside-file.ts";
import type { Batch } from "./batch.ts";
import { hasOwnerAndMode, type Birth } from "./birth.ts";
import { isHidden } from "./hidden.ts";
import { tryUnlink } from "./new-file.ts";
import { Parents } from "./parents.ts";

/**
 * Makes small files in a directory that was made for them, straight from the message: most of a first copy. Nothing is looked at but the file
 * itself. Nobody sees half of one: a directory that is not hidden gets each when it is whole.
 *
 * @param readAhead  called now and then: the next message may have come
 * @returns indexes of the files that could not be made so, for whatever reason: nothing is left of them, and they are to be told of one by one
 */
export function fillDirectory(batch: Batch, request: WireReader, readAhead?: () => void): number[] {
  const place = openPlace(batch, readId(request));
  const file = new FillReader(request);
  const left: number[] = [];
  for (let index = 0; file.next(); index++) {
    if (index === maxFilled) throw malformed("too many files at once");
    if (index % filesAtOnce === filesAtOnce - 1) readAhead?.();
    if (place === undefined || !make(batch, place, file)) left.push(index);
  }
  return left;
}

/** Files that are made between two looks at what has come: a fraction of a millisecond. */
const filesAtOnce = 16;

/** A directory that is filled. */
interface Place {
  readonly dirfd: number;
  /** Its number in the map. */
  readonly num: number;
  /** What files in `held/` are born with. One that is hidden was made there, and hands on the same. */
  readonly birth: Birth;
  readonly isHidden: boolean;
}

function openPlace(batch: Batch, directory: FileId): Place | undefined {
  if (batch.session.rules.ignoreDeletes) return undefined; // there every name has to be looked at
  const birth = (batch.birth ??= learnBirth(batch));
  if (birth?.isBare !== true) return undefined;
  const dirfd = new Parents(batch).open(directory);
  const num = dirfd === undefined ? undefined : batch.session.map.numberOf(directory);
  if (dirfd === undefined || num === undefined) return undefined;
  return { dirfd, num, birth, isHidden: isHidden(batch, directory) };
}

// Every call is told apart by its result alone, and no object is made for a file: this is where a first copy spends its time.
function make(batch: Batch, place: Place, file: FillReader): boolean {
  const { map } = batch.session;
  if (map.isKnownFile(file) || !mayGive(place.birth, file)) return false;
  const cName = file.cName;
  const at = place.isHidden ? { dirfd: place.dirfd, cName } : inHeld(batch);
  const fd = openatRaw(at.dirfd, at.cName, asideFlags, file.mode & 0o777);
  if (fd < 0) return false;
  try {
    const hereLength = complete(fd, place.birth, file);
    if (hereLength === 0) return giveUp(at);
    if (!place.isHidden && renameat2Raw(at.dirfd, at.cName, place.dirfd, cName, RENAME_NOREPLACE) < 0)
      return giveUp(at);
    // Otherwise somebody has changed what files are born with.
    if (lookAtFile(fd) < 0 || !hasOwnerAndMode(looked, file)) return giveUp({ dirfd: place.dirfd, cName });
    map.putFilled(place.num, file, here.bytes, hereLength);
    return true;
  } finally {
    close(fd);
  }
}

/** Id of the file that is made, one at a time. */
const here = new FixedMemory(longestHandle);

/**
 * Gives a new file its content, owner, mode and mtime, and writes its id to {@link here}.
 *
 * @returns length of the id; 0: it could not be, for whatever reason
 */
function complete(fd: number, birth: Birth, file: FillReader): number {
  const { size } = file;
  if (size > 0 && pwriteRaw(fd, file.content, size, 0) !== size) return 0;
  try {
    giveOwnerAndMode(fd, birth, file);
    return setMtime(fd, file.bytes, file.start + fileHead.mtime) < 0 ? 0 : putFileId(fd, here, 0);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return 0;
  }
}

function giveUp({ dirfd, cName }: MakeAt): false {
  tryUnlink(dirfd, cName.subarray(0, -1));
  return false;
}
