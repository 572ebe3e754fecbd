import { errno, errnoOf, renameat2, RENAME_EXCHANGE, RENAME_NOREPLACE, unlinkat } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { fileIdIfThere } from "../tree/read-object.ts";
import { inTheWay } from "./batch.ts";
import { setAside } from "./not-ours.ts";
import type { Session } from "./session.ts";

/** A name in a directory, and the id of what it is known to stand for. */
export interface Standing {
  readonly dirfd: number;
  readonly name: Buffer;
  readonly here: FileId;
}

/**
 * Has a name stand for a file of `held/` in the place of another one, which goes; a reader finds one of both. Somebody may have put something there since we
 * looked: so they change places, and what came out is looked at. What is not what was known goes to `conflicts/`.
 *
 * @throws BelayError `EEXIST` when such things may not be moved aside: the name stands for what it did
 */
export function putOver(session: Session, file: Buffer, { dirfd, name, here }: Standing): void {
  const { heldDirectory } = session;
  if (!exchange(heldDirectory, file, dirfd, name)) return;
  try {
    if (fileIdIfThere(heldDirectory, file)?.equals(here) === true) unlinkat(heldDirectory, file);
    else if (session.rules.setsConflictsAside) setAside(session, heldDirectory, file, name);
    else throw inTheWay(name);
  } catch (error) {
    exchange(heldDirectory, file, dirfd, name);
    throw error;
  }
}

/** @returns false: there is nothing to look at, as nothing stood there any more, or the file system can only let go of what did */
function exchange(from: number, file: Buffer, to: number, name: Buffer): boolean {
  try {
    renameat2(from, file, to, name, RENAME_EXCHANGE);
    return true;
  } catch (error) {
    const number = errnoOf(error);
    if (number === errno.ENOENT) renameat2(from, file, to, name, RENAME_NOREPLACE);
    else if (number === errno.EINVAL || number === errno.ENOSYS) renameat2(from, file, to, name);
    else throw error;
    return false;
  }
}
