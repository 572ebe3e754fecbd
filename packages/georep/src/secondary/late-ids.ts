import {
  AT_EMPTY_PATH,
  close,
  errno,
  errnoOf,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openat,
  openByHandleAt,
  statx,
} from "@belay/linux";

import { fileIdAt, isHandle, statIdAt, type FileId } from "../ids/file-id.ts";
import { isGone } from "../tree/read-object.ts";
import type { Arrival } from "./arrivals.ts";
import { indexKey } from "./index-key.ts";

/**
 * Asks for the ids of new files when there is time: until then they are known by inode number and btime. Those say as surely who a file is as long as
 * whoever made it had it for himself at first: another one of the same number cannot have been made within the same tick of the clock.
 *
 * It takes open_by_handle_at(2), so that a directory is found wherever it is by then, and ids that have the inode number where `indexKey` looks.
 */
export class LateIds {
  readonly #root: number;

  /** @returns undefined where this user or the file system cannot do that */
  static of(root: number): LateIds | undefined {
    const id = fileIdAt(root, "");
    const { ino, btime } = statx(root, "", AT_EMPTY_PATH);
    const isThere = isHandle(id) && indexKey(id) === Number(ino & 0xffff_ffffn) && btime !== 0n;
    return isThere && withDirectory(root, id, () => true) === true ? new LateIds(root) : undefined;
  }

  private constructor(root: number) {
    this.#root = root;
  }

  /**
   * Gives files of a directory their ids. One that is not under its name any more keeps what it has, which stands for nothing that is ever found:
   * somebody has moved it, and it is his.
   */
  complete(directory: FileId, arrivals: readonly Arrival[]): readonly Arrival[] {
    if (arrivals.every(({ object }) => isHandle(object.here))) return arrivals;
    const complete = (dirfd: number) => arrivals.map((arrival) => withId(dirfd, arrival));
    return withDirectory(this.#root, directory, complete) ?? arrivals;
  }
}

function withId(dirfd: number, arrival: Arrival): Arrival {
  const { name, object } = arrival;
  const fd = isHandle(object.here) ? undefined : openIfThere(dirfd, name);
  if (fd === undefined) return arrival;
  try {
    return statIdAt(fd, "").equals(object.here)
      ? { ...arrival, object: { ...object, here: fileIdAt(fd, "") } }
      : arrival;
  } finally {
    close(fd);
  }
}

function openIfThere(dirfd: number, name: Buffer): number | undefined {
  try {
    return openat(dirfd, name, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function withDirectory<T>(root: number, id: FileId, action: (dirfd: number) => T): T | undefined {
  let dirfd: number | undefined;
  try {
    dirfd = openByHandleAt(root, id, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === errno.EPERM || errnoOf(error) === errno.EOPNOTSUPP) return undefined;
    throw error;
  }
  if (dirfd === undefined) return undefined;
  try {
    return action(dirfd);
  } finally {
    close(dirfd);
  }
}
