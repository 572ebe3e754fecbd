import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

import { AT_FDCWD, AT_SYMLINK_FOLLOW, errno, errnoOf, linkat, O_RDWR, O_TMPFILE, open } from "@belay/linux";

/**
 * Replaces a file as a whole. The new one has no name until all of it is on the disk: a writer that is killed meanwhile leaves nothing, and
 * between its two names there are two system calls.
 *
 * @param temporary  name it has for that moment, in the same directory; what stands there is of a writer that died
 * @throws errors of the file system; the old file remains then
 */
export function replaceFile(path: string, temporary: string, content: Iterable<Buffer>): void {
  rmSync(temporary, { force: true });
  const fd = openNameless(dirname(path));
  try {
    if (fd === undefined) writeNamed(temporary, content);
    else {
      write(fd, content);
      linkat(AT_FDCWD, `/proc/self/fd/${fd}`, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

// NFS, FUSE and overlays of old kernels have no files without a name.
function openNameless(directory: string): number | undefined {
  try {
    return open(directory, O_TMPFILE | O_RDWR, 0o666);
  } catch (error) {
    const code = errnoOf(error);
    if (code === errno.EOPNOTSUPP || code === errno.EISDIR || code === errno.ENOENT) return undefined;
    throw error;
  }
}

function writeNamed(path: string, content: Iterable<Buffer>): void {
  const fd = openSync(path, "w", 0o666);
  try {
    write(fd, content);
  } finally {
    closeSync(fd);
  }
}

function write(fd: number, content: Iterable<Buffer>): void {
  for (const chunk of content) for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
  fsyncSync(fd);
}
