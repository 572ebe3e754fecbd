import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  close,
  errno,
  errnoOf,
  fgetxattr,
  flistxattr,
  getxattr,
  lgetxattr,
  listxattr,
  llistxattr,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  openat,
  readlinkat,
  pread,
  statx,
  statxIfThere,
  type Path,
  type Statx,
} from "@belay/linux";

import { fileIdAt, isHandle, statIdAt, type FileId } from "../ids/file-id.ts";
import { isDevice, isLink, isRegular, type ObjectState, type Xattr } from "./object-state.ts";

/** Path of a name in an open directory, for calls that take paths only; an empty name is the directory itself. */
export function pathAt(dirfd: number, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${dirfd}/`), name.length === 0 ? Buffer.from(".") : name]);
}

/** lstat(2) of a name in a directory, the directory itself for an empty name; undefined when there is no such name. */
export function statAt(dirfd: number, name: Path): Statx | undefined {
  try {
    return statxIfThere(dirfd, name, AT_SYMLINK_NOFOLLOW | (name.length === 0 ? AT_EMPTY_PATH : 0));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Id of what a name in a directory stands for; undefined when it stands for nothing. */
export function fileIdIfThere(dirfd: number, name: Path): FileId | undefined {
  try {
    return fileIdAt(dirfd, name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Tells whether a name in a directory stands for what has this id, of whichever kind; an empty name is the descriptor itself. */
export function hasId(dirfd: number, name: Path, id: FileId): boolean {
  try {
    return (isHandle(id) ? fileIdAt(dirfd, name) : statIdAt(dirfd, name)).equals(id);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * All of the object a name in a directory stands for; undefined when there is no such name.
 *
 * The parts take several calls; they are repeated when the object changed between them, so that they belong together.
 *
 * @param device  see {@link deviceOf}: what lies on another (a mount point) counts as not there
 */
export function readObjectAt(dirfd: number, name: Buffer, device?: string): ObjectState | undefined {
  for (let attempt = 1; ; attempt++) {
    const before = statAt(dirfd, name);
    if (before === undefined || (device !== undefined && deviceOf(before) !== device)) return undefined;
    try {
      const state = stateOf(before, fileIdAt(dirfd, name), {
        target: isLink(before.mode) ? readlinkat(dirfd, name) : empty,
        xattrs: readXattrs(pathAt(dirfd, name)),
      });
      const after = statAt(dirfd, name);
      if (after === undefined) return undefined;
      if ((after.ino === before.ino && after.ctime === before.ctime) || attempt === 5) return state;
    } catch (error) {
      // Removed or replaced by another type meanwhile (EINVAL: readlink of what is no link any more): look again.
      if (attempt === 5 || !(isGone(error) || errnoOf(error) === errno.EINVAL)) throw error;
    }
  }
}

/** A regular file as a whole. */
export interface WholeFile {
  readonly state: ObjectState;
  readonly content: Buffer;
}

/**
 * State and content of a regular file through one descriptor, with far fewer calls than by its name.
 *
 * @param before  what its name said just now
 * @param content  room for its content, as long as that was then
 * @returns undefined when it cannot be read, or changed meanwhile: {@link readObjectAt} finds out what it is
 */
export function readFileAt(dirfd: number, name: Buffer, before: Statx, content: Buffer): WholeFile | undefined {
  let fd: number | undefined;
  try {
    fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const length = before.size === 0 ? 0 : pread(fd, content, 0);
    const rest = { target: empty, xattrs: xattrsOf(fd) };
    const id = fileIdAt(fd, "");
    const after = statx(fd, "", AT_EMPTY_PATH);
    if (after.ino !== before.ino || after.ctime !== before.ctime || length !== before.size) return undefined;
    return { state: stateOf(after, id, rest), content };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) close(fd);
  }
}

/** The device an object lies on. */
export const deviceOf = ({ devMajor, devMinor }: Pick<Statx, "devMajor" | "devMinor">): string =>
  `${devMajor}:${devMinor}`;

/** All of an open regular file or directory. */
export function readObjectOf(fd: number): ObjectState {
  return stateOf(statx(fd, "", AT_EMPTY_PATH), fileIdAt(fd, ""), { target: empty, xattrs: xattrsOf(fd) });
}

/** As {@link readObjectOf}, of what is open with O_PATH only: links, devices, fifos. */
export function readOtherOf(fd: number): ObjectState {
  const stat = statx(fd, "", AT_EMPTY_PATH);
  const path = `/proc/self/fd/${fd}`;
  return stateOf(stat, fileIdAt(fd, ""), {
    target: isLink(stat.mode) ? readlinkat(fd, "") : empty,
    xattrs: attributes(
      () => listxattr(path),
      (name) => getxattr(path, name),
    ),
  });
}

function xattrsOf(fd: number): Xattr[] {
  return attributes(
    () => flistxattr(fd),
    (name) => fgetxattr(fd, name),
  );
}

/**
 * Opens a regular file by its name in a directory; undefined when the name is not there, or stands for something else by now.
 *
 * @throws ErrnoError EACCES
 */
export function openFileAt(dirfd: number, name: Buffer): number | undefined {
  let fd: number;
  try {
    fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const number = errnoOf(error);
    if (isGone(error) || number === errno.ELOOP || number === errno.ENXIO || number === errno.ENODEV) return undefined;
    throw error;
  }
  if (isRegular(statx(fd, "", AT_EMPTY_PATH).mode)) return fd;
  close(fd);
  return undefined;
}

/** Extended attributes of a path, not following a link. */
export function readXattrs(path: Buffer): Xattr[] {
  return attributes(
    () => llistxattr(path),
    (name) => lgetxattr(path, name),
  );
}

/** Tells whether an error says that a name is not there. */
export function isGone(error: unknown): boolean {
  const number = errnoOf(error);
  return number === errno.ENOENT || number === errno.ENOTDIR || number === errno.ESTALE;
}

function listOf(list: () => Buffer[]): Buffer[] {
  try {
    return list();
  } catch (error) {
    if (errnoOf(error) === errno.EOPNOTSUPP) return [];
    throw error;
  }
}

const empty = Buffer.alloc(0);

function attributes(list: () => Buffer[], valueOf: (name: Buffer) => Buffer | undefined): Xattr[] {
  const names = listOf(list);
  return names.length === 0 ? none : sorted(names.map((name) => ({ name, value: valueOf(name) })));
}

const none: Xattr[] = [];

// An attribute that vanished between listing and reading was not there.
function sorted(found: { name: Buffer; value: Buffer | undefined }[]): Xattr[] {
  return found
    .flatMap(({ name, value }) => (value === undefined ? [] : [{ name: Buffer.from(name), value }]))
    .sort((a, b) => a.name.compare(b.name));
}

function stateOf(stat: Statx, id: Buffer, rest: Pick<ObjectState, "target" | "xattrs">): ObjectState {
  return {
    id,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    size: isRegular(stat.mode) ? stat.size : 0,
    mtime: stat.mtime,
    ctime: stat.ctime,
    nlink: stat.nlink,
    rdevMajor: isDevice(stat.mode) ? stat.rdevMajor : 0,
    rdevMinor: isDevice(stat.mode) ? stat.rdevMinor : 0,
    ...rest,
  };
}
