import {
  close,
  errno,
  errnoOf,
  lookAtFile,
  looked,
  open,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  openat2,
  openByHandleAt,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  statx,
  AT_EMPTY_PATH,
} from "@belay/linux";

import { fileIdAt, inodeOffset, isHandle, type FileId } from "../ids/file-id.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isDirectory, isRegular } from "../tree/object-state.ts";
import { deviceOf, isGone } from "../tree/read-object.ts";
import { DirectoryPlaces } from "./directory-places.ts";
import { isBelow, nearestPathOf, pathOf } from "./path-of.ts";
import { RootPath } from "./root-path.ts";

/** The tree that is replicated, and how its objects are found by their ids. */
export interface SourceTree extends Disposable {
  readonly root: number;
  readonly rootId: FileId;
  /** Tells this root from that of another file system, which may well have the same id. */
  readonly identity: string;
  readonly device: string;
  /** Where ids have the low half of the inode number; 0: it is not known. */
  readonly inodeAt: number;
  /** Whether ids can be opened themselves; otherwise {@link places} has to know where directories are. */
  readonly opensHandles: boolean;
  /** Directories by id, for trees whose ids cannot be opened. */
  readonly places: DirectoryPlaces;
  /**
   * Opens a directory wherever it is now; undefined when it is gone or outside the tree, as is the state of those who replicate into it. The
   * caller closes it.
   */
  openDirectory(id: FileId): number | undefined;
  /** Opens a regular file by its id alone, where that is possible. The caller closes it. */
  openFile(id: FileId): number | undefined;
  /** The same for links, devices and fifos, with O_PATH: to open one would do something with it. */
  openOther(id: FileId): number | undefined;
  /** Directory and name of a directory now; undefined for the root, and for what is gone or outside. */
  whereIs(id: FileId): { directory: FileId; name: Buffer } | undefined;
}

/** Opens a tree. @throws errno errors of open(2) */
export function openSourceTree(path: string): SourceTree {
  const root = open(path, O_RDONLY | O_DIRECTORY);
  const rootId = fileIdAt(root, "");
  const stat = statx(root, "", AT_EMPTY_PATH);
  const opensHandles = canOpen(root, rootId);
  const places = new DirectoryPlaces(!opensHandles);
  const rootPath = new RootPath(root);
  const openDirectory = (id: FileId): number | undefined =>
    opensHandles ? openHandle(root, rootPath, rootId, id) : openByPlace(root, rootId, places, id);
  return {
    root,
    rootId,
    identity: `${rootId.toString("hex")}-${stat.btime}`,
    device: deviceOf(stat),
    inodeAt: inodeOffset(rootId, stat.ino),
    opensHandles,
    places,
    openDirectory,
    openFile: (id) => (opensHandles && isHandle(id) ? openFileHandle(root, id) : undefined),
    openOther: (id) => (opensHandles && isHandle(id) ? openOtherHandle(root, id) : undefined),
    whereIs: (id) => whereIs(rootId, id, openDirectory),
    [Symbol.dispose]: () => close(root),
  };
}

function canOpen(root: number, rootId: FileId): boolean {
  if (!isHandle(rootId)) return false;
  try {
    const fd = openByHandleAt(root, rootId, O_RDONLY | O_DIRECTORY);
    if (fd !== undefined) close(fd);
    return fd !== undefined;
  } catch (error) {
    if (errnoOf(error) === errno.EPERM || errnoOf(error) === errno.EOPNOTSUPP) return false;
    throw error;
  }
}

function openHandle(root: number, rootPath: RootPath, rootId: FileId, id: FileId): number | undefined {
  const fd = tryOpenHandle(root, id, O_RDONLY | O_DIRECTORY);
  if (fd === undefined) return undefined;
  if (id.equals(rootId) || (lookAtFile(fd) === 0 && looked.nlink > 0 && isPartOf(rootPath, fd))) return fd;
  close(fd);
  return undefined;
}

function isPartOf(rootPath: RootPath, fd: number): boolean {
  try {
    const path = nearestPathOf(fd);
    return isPart(path, rootPath.now()) || isPart(path, rootPath.anew());
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

// The kernel shows "/" for what a bind mount does not reach: that is below no root, not even below "/".
function isPart(path: Buffer, root: Buffer): boolean {
  if (path.length === 1 || !isBelow(path, root)) return false;
  return !isBelow(path.subarray(root.length === 1 ? 1 : root.length + 1), stateDirectory);
}

/** Of those who replicate into this tree; what they note there is no part of it. */
const stateDirectory = Buffer.from(stateDirectoryName);

function openFileHandle(root: number, id: FileId): number | undefined {
  const path = openPathHandle(root, id, isRegular);
  if (path === undefined) return undefined;
  close(path);
  return tryOpenHandle(root, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

const openOtherHandle = (root: number, id: FileId): number | undefined =>
  openPathHandle(root, id, (mode) => !isRegular(mode) && !isDirectory(mode));

function openPathHandle(root: number, id: FileId, isWanted: (mode: number) => boolean): number | undefined {
  const fd = tryOpenHandle(root, id, O_PATH | O_NOFOLLOW);
  if (fd === undefined) return undefined;
  const { mode, nlink } = statx(fd, "", AT_EMPTY_PATH);
  if (isWanted(mode) && nlink > 0) return fd;
  close(fd);
  return undefined;
}

/** While directories on the way are renamed the kernel may say ENOMEM where it has memory enough; asked again it knows the answer. */
const handleAttempts = 5;

function tryOpenHandle(root: number, id: FileId, flags: number, attempt = 1): number | undefined {
  try {
    return openByHandleAt(root, id, flags);
  } catch (error) {
    const number = errnoOf(error);
    if (number === errno.ENOMEM && attempt < handleAttempts) return tryOpenHandle(root, id, flags, attempt + 1);
    // What the number stood for is now of another type, cannot be opened, or never was one of this file system.
    if (isGone(error) || number === errno.ELOOP || number === errno.ENXIO || number === errno.EINVAL) return undefined;
    throw error;
  }
}

function openByPlace(root: number, rootId: FileId, places: DirectoryPlaces, id: FileId): number | undefined {
  const path = pathByPlaces(rootId, places, id);
  if (path === undefined || isBelow(path, stateDirectory)) return undefined;
  let fd: number;
  try {
    fd = openBelow(root, path);
  } catch (error) {
    if (isGone(error) || errnoOf(error) === errno.ELOOP) return undefined;
    throw error;
  }
  if (fileIdAt(fd, "").equals(id)) return fd;
  close(fd);
  return undefined;
}

/** Longest path that the kernel takes at once, in bytes. */
const longestPath = 4095;

function openBelow(dirfd: number, path: Buffer): number {
  const [first, rest] = cutPath(path);
  const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  const fd = openat2(dirfd, first.length === 0 ? "." : first, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (rest.length === 0) return fd;
  try {
    return openBelow(fd, rest);
  } finally {
    close(fd);
  }
}

function cutPath(path: Buffer): [first: Buffer, rest: Buffer] {
  if (path.length <= longestPath) return [path, path.subarray(path.length)];
  const end = path.lastIndexOf(0x2f, longestPath);
  return [path.subarray(0, end), path.subarray(end + 1)];
}

const deepest = 2000;

/** Path of a directory relative to the root, from where directories were seen; undefined when that does not reach. */
export function pathByPlaces(rootId: FileId, places: DirectoryPlaces, id: FileId): Buffer | undefined {
  const names: Buffer[] = [];
  for (let at = id, depth = 0; !at.equals(rootId); depth++) {
    const place = places.get(at);
    if (place === undefined || depth > deepest) return undefined;
    names.unshift(place.name, Buffer.from("/"));
    at = place.parent;
  }
  return Buffer.concat(names.slice(0, -1));
}

function openIfAllowed(id: FileId, open: (id: FileId) => number | undefined): number | undefined {
  try {
    return open(id);
  } catch (error) {
    if (errnoOf(error) === errno.EACCES) return undefined;
    throw error;
  }
}

function whereIs(
  rootId: FileId,
  id: FileId,
  openDirectory: (id: FileId) => number | undefined,
): { directory: FileId; name: Buffer } | undefined {
  if (id.equals(rootId)) return undefined;
  const fd = openIfAllowed(id, openDirectory);
  if (fd === undefined) return undefined;
  try {
    const path = pathOf(fd);
    const directory = open(`/proc/self/fd/${fd}/..`, O_RDONLY | O_DIRECTORY);
    const parent = fileIdAt(directory, "");
    close(directory);
    return { directory: parent, name: path.subarray(path.lastIndexOf(0x2f) + 1) };
  } finally {
    close(fd);
  }
}
