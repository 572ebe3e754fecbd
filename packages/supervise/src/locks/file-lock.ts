import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { LOCK_EX, tryFlock } from "@belay/linux";
import { BelayError, hasCode } from "../errors/belay-error.ts";
import { sleep } from "../deadline/sleep.ts";
import type { FileLock } from "./types.ts";

/** Whether to wait for a lock that another has. */
export interface FileLockOptions {
  /** Default false: `ELOCKED` at once. */
  readonly wait?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Opens the file, making it if absent. Default: for writing, with mode 0600. */
  readonly open?: (path: string) => number;
}

/**
 * Takes an exclusive flock(2) lock on a file, made with mode 0600 if absent. The file stays when the lock goes.
 *
 * The kernel does not tell when such a lock becomes free except by blocking a thread, so waiting asks again, after 5 ms first and 100 ms
 * later on.
 *
 * @throws BelayError `ELOCKED`; the signal's reason
 */
export async function takeFileLock(path: string, options: FileLockOptions = {}): Promise<FileLock> {
  const { wait = false, signal, open = openOwn } = options;
  for (let pause = 5; ; pause = Math.min(2 * pause, 100)) {
    signal?.throwIfAborted();
    const fd = tryLock(path, open(path));
    if (fd !== undefined) return ownedLock(path, fd);
    if (!wait) throw new BelayError("ELOCKED", `${path} is locked by another process`, { path });
    await sleep(pause, signal);
  }
}

function ownedLock(path: string, fd: number): FileLock {
  let held = true;
  const release = () => {
    if (held) closeSync(fd);
    held = false;
  };
  return { path, fd, [Symbol.dispose]: release };
}

function openOwn(path: string): number {
  return openSync(path, "a", 0o600);
}

function tryLock(path: string, fd: number): number | undefined {
  try {
    if (tryFlock(fd, LOCK_EX) && isFileOf(fd, path)) return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

/** Tells whether the descriptor is still what the path names: a locked file may have been unlinked, the lock then excludes nobody. */
export function isFileOf(fd: number, path: string): boolean {
  const own = fstatSync(fd, { bigint: true });
  try {
    const named = statSync(path, { bigint: true });
    return own.dev === named.dev && own.ino === named.ino;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
