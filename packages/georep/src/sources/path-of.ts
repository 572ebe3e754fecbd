import { close, errno, ErrnoError, errnoOf, openat, O_DIRECTORY, O_RDONLY, toldPath } from "@belay/linux";

import { namesIn } from "../tree/names-in.ts";
import { statAt } from "../tree/read-object.ts";

// The kernel tells no path that is longer than a page, while a directory may well have one: whoever makes it goes from one to the next.

const slash = Buffer.from("/");
const itself = Buffer.alloc(0);

/**
 * Path of an open directory, in bytes, however long it is.
 *
 * @throws errno errors of looking for the names of a long one
 */
export function pathOf(fd: number): Buffer {
  return toldPathOf(fd) ?? longPathOf(fd);
}

/** Path of a directory, or of the nearest one above it that the kernel tells a path of. @throws errno errors when it is gone */
export function nearestPathOf(fd: number): Buffer {
  let at = fd;
  const climb = (way: string): Buffer | undefined => {
    const above = openat(at, way, O_RDONLY | O_DIRECTORY);
    const path = toldPathOf(above);
    if (path !== undefined) close(above);
    else {
      if (at !== fd) close(at);
      at = above;
    }
    return path;
  };
  try {
    let path = toldPathOf(fd);
    if (path !== undefined) return path;
    while (climb(farAbove) === undefined);
    while (path === undefined) path = climb("..");
    return path;
  } finally {
    if (at !== fd) close(at);
  }
}

/** Tells whether a path is a directory or lies in it. */
export function isBelow(path: Buffer, directory: Buffer): boolean {
  if (directory.length === 1) return true;
  if (path.length < directory.length || !path.subarray(0, directory.length).equals(directory)) return false;
  return path.length === directory.length || path[directory.length] === 0x2f;
}

const farAbove = Array<string>(64).fill("..").join("/");

function toldPathOf(fd: number): Buffer | undefined {
  try {
    return toldPath(fd);
  } catch (error) {
    if (errnoOf(error) === errno.ENAMETOOLONG) return undefined;
    throw error;
  }
}

function longPathOf(fd: number): Buffer {
  const parts: Buffer[] = [];
  let at = fd;
  try {
    for (let path: Buffer | undefined; path === undefined;) {
      const above = openat(at, "..", O_RDONLY | O_DIRECTORY);
      path = toldPathOf(above);
      try {
        parts.unshift(...(path === undefined ? [] : [path]), slash, nameOf(above, at));
      } finally {
        if (at !== fd) close(at);
        at = above;
      }
    }
    return Buffer.concat(parts);
  } finally {
    if (at !== fd) close(at);
  }
}

function nameOf(parent: number, directory: number): Buffer {
  const wanted = statAt(directory, itself);
  for (const name of namesIn(parent, false)) {
    const bytes = Buffer.from(name, "latin1");
    const stat = statAt(parent, bytes);
    if (stat !== undefined && stat.ino === wanted?.ino && stat.devMinor === wanted.devMinor && stat.devMajor === wanted.devMajor) return bytes; // prettier-ignore
  }
  throw new ErrnoError(errno.ENOENT, "readdir");
}
