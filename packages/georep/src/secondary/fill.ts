import {
  addressOf,
  close,
  errnoOf,
  lookAtFile,
  looked,
  openatRaw,
  pwriteRaw,
  renameat2Raw,
  RENAME_NOREPLACE,
  setMtime,
} from "@belay/linux";

import { IdRoom, putFileId, type FileId } from "../ids/file-id.ts";
import { fileHead, FillReader, maxFilled, type MappedContents } from "../rpc/fill-messages.ts";
import { readId } from "../rpc/messages.ts";
import { malformed, type WireReader } from "../rpc/wire.ts";
import { asideCName, asideFlags, giveOwnerAndMode, learnBirth, mayGive } from "./aside-file.ts";
import type { Batch } from "./batch.ts";
import { hasOwnerAndMode, type Birth } from "./birth.ts";
import { isHidden } from "./hidden.ts";
import { tryUnlink } from "./new-file.ts";
import { Parents } from "./parents.ts";
import { tellsApart } from "./tells-apart.ts";

/** What filling is done with. */
export interface FillOptions {
  /** Called now and then: the next message may have come. */
  readonly readAhead?: (() => void) | undefined;
  /** Memory of the worker that contents may lie in: only the kernel is given its address. */
  readonly shared?: MappedContents | undefined;
}

/**
 * Makes small files in a directory that was made for them, straight from the message: most of a first copy. Nothing is looked at but the file
 * itself. Nobody sees half of one: a directory that is not hidden gets each when it is whole.
 *
 * @returns indexes of the files that could not be made so, for whatever reason: nothing is left of them, and they are to be told of one by one
 */
export function fillDirectory(batch: Batch, request: WireReader, { readAhead, shared }: FillOptions = {}): number[] {
  const place = openPlace(batch, readId(request));
  const file = new FillReader(request, shared);
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
  /** Files have to be asked for their ids, which takes half as long as to write to one: inode number and btime do not do, see {@link tellsApart}. */
  readonly asksForIds: boolean;
  /** What files in `held/` are born with. One that is hidden was made there, and hands on the same. */
  readonly birth: Birth;
  /** Where files are made: here if nobody sees it, else in `held/`. */
  readonly madeIn: number;
  /** Address of the name that they have in `held/`; undefined: they are made here. */
  readonly heldName: number | undefined;
}

function openPlace(batch: Batch, directory: FileId): Place | undefined {
  if (batch.session.rules.ignoreDeletes) return undefined; // there every name has to be looked at
  const birth = (batch.birth ??= learnBirth(batch));
  if (birth?.isBare !== true) return undefined;
  const dirfd = new Parents(batch).open(directory);
  const num = dirfd === undefined ? undefined : batch.session.map.numberOf(directory);
  if (dirfd === undefined || num === undefined) return undefined;
  const { session } = batch;
  const asksForIds = !(session.tellsApart ??= tellsApart(session.heldDirectory));
  const place = { dirfd, num, birth, asksForIds };
  if (isHidden(batch, directory)) return { ...place, madeIn: dirfd, heldName: undefined };
  return { ...place, madeIn: session.heldDirectory, heldName: addressOf(asideCName) };
}

// Every call is told apart by its result alone, and no object is made for a file: this is where a first copy spends its time.
function make(batch: Batch, place: Place, file: FillReader): boolean {
  const { map } = batch.session;
  if (map.isKnownFile(file) || !mayGive(place.birth, file)) return false;
  const name = place.heldName ?? file.nameAddress;
  const fd = openatRaw(place.madeIn, name, asideFlags, file.mode & 0o777);
  if (fd < 0) return false;
  try {
    if (!complete(fd, place, file) || !show(place, file))
      return giveUp(place.madeIn, place.heldName === undefined ? file.cName : asideCName);
    // Otherwise somebody has changed what files are born with.
    if (lookAtFile(fd) < 0 || !hasOwnerAndMode(looked, file)) return giveUp(place.dirfd, file.cName);
    if (looked.nlink === 0) return false; // somebody has taken it away already; another one may have its number
    map.putFilled(place.num, file, here);
    return true;
  } finally {
    close(fd);
  }
}

/** Id of the file that is made, one at a time; empty: that of `statIdOf`. */
const here = new IdRoom();

/** Gives a new file its content, owner, mode and mtime, and writes its id to {@link here}. @returns false: it could not be, for whatever reason */
function complete(fd: number, { birth, asksForIds }: Place, file: FillReader): boolean {
  const { size } = file;
  if (size > 0 && pwriteRaw(fd, file.contentAddress, size, 0) !== size) return false;
  try {
    giveOwnerAndMode(fd, birth, file);
    if (setMtime(fd, file.bytes, file.start + fileHead.mtime) < 0) return false;
    here.length = asksForIds ? putFileId(fd, here.memory, 0) : 0;
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** Gives a file that was made in `held/` its name. @returns false when that is taken */
function show({ dirfd, madeIn, heldName }: Place, file: FillReader): boolean {
  return heldName === undefined || renameat2Raw(madeIn, asideCName, dirfd, file.cName, RENAME_NOREPLACE) >= 0;
}

function giveUp(dirfd: number, cName: Buffer): false {
  tryUnlink(dirfd, cName.subarray(0, -1));
  return false;
}
