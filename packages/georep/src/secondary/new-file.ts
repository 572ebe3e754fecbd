import {
  close,
  errno,
  errnoOf,
  futimens,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDWR,
  openat,
  ownStampOf,
  unlinkat,
  UTIME_OMIT,
} from "@belay/linux";

import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { isRegular } from "../tree/object-state.ts";
import { handsOnAcl, inheritAcl } from "./unreplicated.ts";
import { attempt, type Batch, type Order } from "./batch.ts";
import { birthOf, hasOwnerAndMode, isBornRight } from "./birth.ts";
import { heldNameOf } from "./held-name.ts";
import { applyMetadataTo } from "./metadata.ts";
import { nameHeld } from "./put-over.ts";
import { writeAll } from "./write-all.ts";

export const nothing = Buffer.alloc(0);

/** All there is to be in a file; undefined when it did not come along, or is no regular file's. */
export function wholeContent({ mode, size, inline }: ObjectChange): Buffer | undefined {
  if (!isRegular(mode)) return undefined;
  return inline ?? (size === 0 ? nothing : undefined);
}

/** Tells whether this is a file that is not known here, and its content came along. */
export function isNewFile({ session }: Batch, change: ObjectChange): boolean {
  return wholeContent(change) !== undefined && !session.map.isKnown(change.id);
}

/**
 * Makes a new file, whole: content and metadata through one descriptor, then its name. Most files of a first copy are made here, so this
 * spares every look that can be spared.
 *
 * @param replaced  id of another file that stands at the name and goes
 * @returns false when something stands at the name, and was not to be replaced
 */
export function makeNewFile(batch: Batch, order: Order, dirfd: number, replaced: FileId | undefined): boolean {
  const { change, parent, name } = order;
  const { heldDirectory, map } = batch.session;
  const aside = heldNameOf(change.id);
  const hasAcl = handsOnAcl(batch.session, dirfd);
  const isRight = !hasAcl && isBornRight(batch.birth, change);
  const fd = openat(
    heldDirectory,
    aside,
    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
    isRight ? change.mode & 0o777 : 0o600,
  );
  try {
    const failures = batch.failures.length;
    if (hasAcl)
      attempt(batch, change.id, nothing, () =>
        inheritAcl(batch.session, dirfd, { dirfd: heldDirectory, name: aside }, false),
      );
    fill(batch, fd, change, isRight);
    const here = fileIdAt(fd, "");
    nameHeld(batch.session, aside, { dirfd, name, replaced }, { fd, here });
    const isWhole = batch.failures.length === failures;
    const hereCtime = isWhole && isRight ? ctimeOf(batch, fd, change) : isWhole ? ownStampOf(fd).ctime : 0n;
    const { id, mode, size, mtime, ctime, settled } = change;
    map.put({ id, here, mode, size, mtime, ctime: settled ? ctime : 0n, hereCtime });
    map.putName({ parent, name }, id);
    batch.made.add(keyOf(id));
    batch.complete.add(keyOf(id));
    return true;
  } catch (error) {
    tryUnlink(heldDirectory, aside);
    if (replaced === undefined && errnoOf(error) === errno.EEXIST) return false;
    throw error;
  } finally {
    close(fd);
  }
}

function fill(batch: Batch, fd: number, change: ObjectChange, isRight: boolean): void {
  const { session } = batch;
  writeAll(fd, wholeContent(change) ?? nothing, 0);
  attempt(batch, change.id, nothing, () => {
    if (isRight) {
      futimens(fd, UTIME_OMIT, change.mtime);
      return;
    }
    batch.birth ??= birthOf(fd, session.rules);
    applyMetadataTo(fd, change, session);
  });
}

/**
 * ctime of a new file that has its name, and should have owner and mode as it has to have: had somebody changed what files are born with in the
 * middle of a batch, it would show here, and be mended.
 *
 * @returns 0 when it had to be mended
 */
export function ctimeOf(batch: Batch, fd: number, change: ObjectChange): bigint {
  const stamp = ownStampOf(fd);
  if (hasOwnerAndMode(stamp, change)) return stamp.ctime;
  batch.birth = undefined;
  attempt(batch, change.id, nothing, () => applyMetadataTo(fd, change, batch.session));
  return 0n;
}

/** Takes away a file that could not be completed. It may have its name by now; then nothing is there to be taken away. */
export function tryUnlink(dirfd: number, name: Uint8Array): void {
  try {
    unlinkat(dirfd, name);
  } catch {
    return;
  }
}
