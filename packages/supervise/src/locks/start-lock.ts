import { closeSync, constants, fchmodSync, fstatSync, openSync, unlinkSync } from "node:fs";
import { hasCode, userError } from "../errors/belay-error.ts";
import { takeFileLock, type FileLockOptions } from "./file-lock.ts";
import type { FileLock } from "./types.ts";

/** Where the lock of {@link takeStartLock} lies: beside what it stands for. */
export function startLockPath(target: string): string {
  return `${target}.lock`;
}

/**
 * The lock under which something that must exist once on this machine is looked for and started: take it, look again, start, wait until it
 * is ready, let go.
 *
 * A flock(2) on a file beside the target, so whoever means the same target takes the same lock, whatever its user and environment. An
 * abstract unix socket would leave no file, but is scoped to the network namespace: two containers that share the mount, but not the
 * network, would not exclude each other.
 *
 * The file is readable by all, which is enough to lock it; it stays until {@link removeStartLock}.
 *
 * @param target  what is started, such as the mountpoint; its directory must exist
 * @throws BelayError `ELOCKED` without `wait`, `ELOCKFILE` when the file is of no use; the signal's reason
 */
export async function takeStartLock(target: string, options: FileLockOptions = {}): Promise<FileLock> {
  return takeFileLock(startLockPath(target), { wait: true, ...options, open: openShared });
}

/** Takes the file of a start lock away. Only for who holds the lock: those who wait for it notice, and take the next one. */
export function removeStartLock(lock: FileLock): void {
  try {
    unlinkSync(lock.path);
  } catch (error) {
    // In a sticky directory only who made it may: it stays for the next one.
    if (!hasCode(error, "ENOENT", "EPERM", "EACCES")) throw error;
  }
}

// Not by O_CREAT alone: in a sticky directory the kernel refuses that for files of other users (fs.protected_regular).
function openShared(path: string): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  for (;;) {
    try {
      return checked(openSync(path, flags), path);
    } catch (error) {
      if (hasCode(error, "EACCES", "ELOOP")) throw unusable(path);
      if (!hasCode(error, "ENOENT")) throw error;
    }
    try {
      return checked(openSync(path, flags | constants.O_CREAT | constants.O_EXCL, 0o644), path);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
  }
}

/** Its owner makes it readable, whatever the umask was, and whoever was killed before doing so. */
function checked(fd: number, path: string): number {
  const { mode, uid } = fstatSync(fd);
  if ((mode & constants.S_IFMT) === constants.S_IFREG) {
    if (uid === process.geteuid?.() && (mode & 0o444) !== 0o444) fchmodSync(fd, 0o644);
    return fd;
  }
  closeSync(fd);
  throw unusable(path);
}

function unusable(path: string): Error {
  return userError("ELOCKFILE", `${path} cannot be used as a lock`, {
    hint: "somebody else has put it there: have it removed by its owner",
    path,
  });
}
