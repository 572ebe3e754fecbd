import {
  close,
  errnoOf,
  fchmod,
  fchown,
  futimens,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  openat,
  renameat2,
  RENAME_NOREPLACE,
  UTIME_OMIT,
} from "@belay/linux";

import { fileIdAt, type FileId } from "../ids/file-id.ts";
import type { ApplyRequest, EntryChange, ObjectChange } from "../rpc/messages.ts";
import { openDirectory, trimDirectories, type Batch } from "./batch.ts";
import type { Birth } from "./birth.ts";
import { ctimeOf, nothing, tryUnlink, wholeContent } from "./new-file.ts";
import { writeAll } from "./write-all.ts";

/** What is left of a request when files that could be made at once are made. */
export interface Rest {
  readonly entries: readonly EntryChange[];
  /** Tells of an object, by its index, that it has all it has to have. */
  readonly isDone: (index: number) => boolean;
}

/**
 * Makes files that are new, have one name, came whole, and whose name is free: most of a first copy, and most of what users create. Each
 * takes a fraction of what the general way takes, as it needs no look at anything but itself. All that is not as it should be, errors too,
 * leaves nothing behind and goes the general way.
 */
export function makeAtOnce(batch: Batch, { objects, entries }: ApplyRequest): Rest {
  // Only the first file of a batch, which goes the general way, tells what files are born with.
  if (batch.birth?.isBare !== true || batch.session.rules.ignoreDeletes) return { entries, isDone: () => false };
  const done = new Uint8Array(objects.length);
  const parents = new Parents(batch);
  const rest = entries.filter(({ parent, name, object }) => {
    const change = object === undefined ? undefined : objects[object];
    if (object === undefined || change === undefined || done[object] === 1 || !mayMake(batch, change)) return true;
    const dirfd = parents.open(parent);
    if (dirfd === undefined || !make(batch, { dirfd, parent, name, change })) return true;
    done[object] = 1;
    return false;
  });
  return { entries: rest, isDone: (index) => done[index] === 1 };
}

/** Names come directory by directory, mostly. */
class Parents {
  readonly #batch: Batch;
  #last: FileId | undefined;
  #fd: number | undefined;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  open(id: FileId): number | undefined {
    if (this.#last?.equals(id) === true) return this.#fd;
    this.#last = id;
    trimDirectories(this.#batch);
    return (this.#fd = this.#tryOpen(id));
  }

  #tryOpen(id: FileId): number | undefined {
    try {
      return openDirectory(this.#batch, id);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }
}

const isPrivileged = process.geteuid?.() === 0;

function mayMake({ session, birth }: Batch, change: ObjectChange): boolean {
  if (change.nlink !== 1 || change.xattrs.length > 0 || wholeContent(change) === undefined) return false;
  if (!isPrivileged && (change.uid !== birth?.uid || change.gid !== birth.gid)) return false;
  return !session.map.isKnown(change.id);
}

/** Name of a file while it is made, one at a time; what is left of one by a process that was killed goes with the next session. */
const aside = Buffer.from("new");

interface NewFile {
  readonly dirfd: number;
  readonly parent: FileId;
  readonly name: Buffer;
  readonly change: ObjectChange;
}

function make(batch: Batch, { dirfd, parent, name, change }: NewFile): boolean {
  const { heldDirectory, map } = batch.session;
  const { birth } = batch;
  if (birth === undefined) return false;
  let fd: number | undefined;
  try {
    fd = openat(heldDirectory, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, change.mode & 0o777);
    writeAll(fd, wholeContent(change) ?? nothing, 0);
    giveOwnerAndMode(fd, birth, change);
    futimens(fd, UTIME_OMIT, change.mtime);
    const here = fileIdAt(fd, "");
    renameat2(heldDirectory, aside, dirfd, name, RENAME_NOREPLACE);
    const { id, mode, size, mtime, ctime, settled } = change;
    const hereCtime = ctimeOf(batch, fd, change);
    map.putNew({ id, here, mode, size, mtime, ctime: settled ? ctime : 0n, hereCtime }, { parent, name });
    return true;
  } catch (error) {
    if (fd !== undefined) tryUnlink(heldDirectory, aside);
    if (errnoOf(error) === undefined) throw error;
    return false;
  } finally {
    if (fd !== undefined) close(fd);
  }
}

function giveOwnerAndMode(fd: number, { uid, gid, umask }: Birth, change: ObjectChange): void {
  if (change.uid !== uid || change.gid !== gid) fchown(fd, change.uid, change.gid);
  if ((change.mode & (0o7000 | umask)) !== 0) fchmod(fd, change.mode & 0o7777);
}
