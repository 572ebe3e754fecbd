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

/** A name in an open directory. */
export interface Named {
  readonly dirfd: number;
  readonly name: Buffer;
}

/** What somebody needs to do with his own files and directories. */
export type Need = "all" | "to look";

function ownRights(mode: number, need: Need): number {
  if (need === "all") return isDirectory(mode) ? 0o700 : 0o600;
  return isDirectory(mode) ? 0o500 : 0o400;
}

/** Tells whether a mode keeps its owner from what he needs. */
export function lacksRights(mode: number, need: Need): boolean {
  const rights = ownRights(mode, need);
  return (mode & rights) !== rights;
}

/**
 * Tells whether something has a mode that {@link grant} gave it. Whoever is in no group of it loses its set-id bits with that.
 *
 * @param mode  what it has
 * @param before  permissions that it had
 */
export const isGranted = (mode: number, before: number): boolean =>
  needs.some((need) => (mode & 0o777) === ((before | ownRights(mode, need)) & 0o777));

const needs: readonly Need[] = ["all", "to look"];

/**
 * Lets this user do with an open file or directory of its own what it likes.
 *
 * @param fd  may be one of O_PATH
 * @returns the mode it had; undefined when nothing had to be, or could be, changed
 */
export function grant(fd: number, need: Need = "all"): number | undefined {
  if (!isBound) return undefined;
  const { mode } = statx(fd, "", AT_EMPTY_PATH);
  if (!lacksRights(mode, need)) return undefined;
  try {
    setModeOf(fd, mode | ownRights(mode, need));
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
