import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  close,
  errno,
  errnoOf,
  fchmodat,
  O_NOFOLLOW,
  O_PATH,
  O_RDWR,
  openat2,
  statx,
} from "@belay/linux";
import { BelayError } from "@belay/supervise";

import type { FileId } from "../ids/file-id.ts";
import { isDirectory } from "../tree/object-state.ts";
import { hasId } from "../tree/read-object.ts";
import { quotedName } from "../tree/shown-name.ts";
import { beneath } from "./beneath.ts";

/** Root passes permissions. Anybody else is also kept out by those of its own files and directories, which are the source's and not made for it. */
export const isBound = process.geteuid?.() !== 0;

interface Named {
  readonly dirfd: number;
  readonly name: Buffer;
}

const ownRights = (mode: number): number => (isDirectory(mode) ? 0o700 : 0o600);

/** Tells whether a mode keeps its owner out. */
export const lacksRights = (mode: number): boolean => (mode & ownRights(mode)) !== ownRights(mode);

/**
 * Tells whether something has the mode that {@link grant} gave it. Whoever is in no group of it loses its set-id bits with that.
 *
 * @param mode  what it has
 * @param before  permissions that it had
 */
export const isGranted = (mode: number, before: number): boolean =>
  (mode & 0o777) === ((before | ownRights(mode)) & 0o777);

/**
 * Lets this user do with an open file or directory of its own what it likes.
 *
 * @param fd  may be one of O_PATH
 * @returns the mode it had; undefined when nothing had to be, or could be, changed
 */
export function grant(fd: number): number | undefined {
  if (!isBound) return undefined;
  const { mode } = statx(fd, "", AT_EMPTY_PATH);
  if (!lacksRights(mode)) return undefined;
  try {
    setModeOf(fd, mode | ownRights(mode));
    return mode;
  } catch (error) {
    if (errnoOf(error) === errno.EPERM) return undefined; // somebody else's: what it is wanted for will fail
    throw error;
  }
}

/** chmod(2) of an open file or directory, also of one of O_PATH. */
export function setModeOf(fd: number, mode: number): void {
  fchmodat(AT_FDCWD, `/proc/self/fd/${fd}`, mode & 0o7777);
}

/** Opens a file of ours for reading or writing, whatever its mode. */
export function openPlace(place: Named, flags: number): number {
  return asOwner(place, () => openat2(place.dirfd, place.name, flags | O_NOFOLLOW, beneath));
}

/**
 * Opens a file of ours for being written to, whatever its mode.
 *
 * @param here  its id
 * @throws BelayError `ENOENT` when somebody has put another one there since it was looked at
 */
export function openToWrite(place: Named, here: FileId): number {
  const fd = openPlace(place, O_RDWR);
  if (hasId(fd, "", here)) return fd;
  close(fd);
  throw new BelayError("ENOENT", `${quotedName(place.name)}: the file that is to be written is not here any more`);
}

/** Does something with a file or directory of ours that its own mode may forbid; it has that mode again afterwards. */
export function asOwner<T>({ dirfd, name }: Named, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isBound || errnoOf(error) !== errno.EACCES) throw error;
  }
  const fd = openat2(dirfd, name, O_PATH | O_NOFOLLOW, beneath);
  try {
    const before = grant(fd);
    try {
      return action();
    } finally {
      if (before !== undefined) setModeOf(fd, before);
    }
  } finally {
    close(fd);
  }
}
