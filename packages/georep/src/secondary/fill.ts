import { ownStampOf, renameat2Raw, RENAME_NOREPLACE } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { maxFilled, readNewFile, type NewFile } from "../rpc/fill-messages.ts";
import { readId } from "../rpc/messages.ts";
import { malformed, type WireReader } from "../rpc/wire.ts";
import { inHeld, learnBirth, makeAside, mayGive } from "./aside-file.ts";
import type { Batch } from "./batch.ts";
import { hasOwnerAndMode, type Birth } from "./birth.ts";
import { isHidden } from "./hidden.ts";
import { tryUnlink } from "./new-file.ts";
import { Parents } from "./parents.ts";

/**
 * Makes small files in a directory that was made for them, straight from the message: most of a first copy. Nothing is looked at but the file
 * itself. Nobody sees half of one: a directory that is not hidden gets each when it is whole.
 *
 * @returns indexes of the files that could not be made so, for whatever reason: nothing is left of them, and they are to be told of one by one
 */
export function fillDirectory(batch: Batch, request: WireReader): number[] {
  const place = openPlace(batch, readId(request));
  const left: number[] = [];
  for (let index = 0; ; index++) {
    const file = readNewFile(request);
    if (file === undefined) return left;
    if (index === maxFilled) throw malformed("too many files at once");
    if (place === undefined || !make(batch, place, file)) left.push(index);
  }
}

/** A directory that is filled. */
interface Place {
  readonly dirfd: number;
  /** Its number in the map. */
  readonly num: bigint;
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

function make(batch: Batch, place: Place, file: NewFile): boolean {
  const { map } = batch.session;
  const { dirfd, num, birth } = place;
  const { id, cName, mode, mtime, ctime, content } = file;
  if (map.isKnown(id) || !mayGive(birth, file)) return false;
  const at = place.isHidden ? { dirfd, cName } : inHeld(batch);
  return makeAside(at, birth, file, content, (fd, here) => {
    if (!place.isHidden && renameat2Raw(at.dirfd, at.cName, dirfd, cName, RENAME_NOREPLACE) < 0)
      return giveUp(at.dirfd, at.cName);
    const stamp = ownStampOf(fd);
    // Somebody has changed what files are born with.
    if (!hasOwnerAndMode(stamp, file)) return giveUp(dirfd, cName);
    map.putIn(num, cName.subarray(0, -1), { id, here, mode, size: content.length, mtime, ctime, hereCtime: stamp.ctime }); // prettier-ignore
    return true;
  });
}

function giveUp(dirfd: number, cName: Uint8Array): false {
  tryUnlink(dirfd, cName.subarray(0, -1));
  return false;
}
