import { closeSync, ftruncateSync, openSync, readFileSync, writeSync, constants } from "node:fs";
import { trySetLock, wholeFileLock } from "@belay/linux";
import { BelayError, hasCode } from "../errors/belay-error.ts";
import type { Ledger } from "../ledger/types.ts";
import { isFileOf } from "./file-lock.ts";
import type { PidLock } from "./types.ts";

/**
 * Takes the pid file or says who has it.
 *
 * The lock is an fcntl(2) record lock over the whole file, so every program that takes pid files by `lockf` or `F_SETLK` is excluded, and
 * excludes us. Ours is the kind that belongs to the open file description: unlike the classic kind it does not get lost when some
 * other part of the process reads the file and closes it. The kernel drops it when the process dies, however it dies: a
 * left-over file is not a held lock.
 *
 * @param path  created if absent, mode 0644; holds the decimal pid and a newline; removed with the lock
 * @throws BelayError `ELOCKED` with the holder's `pid`; errno errors of open(2) as they are
 */
export async function takePidLock(ledger: Ledger, path: string): Promise<PidLock> {
  const entry = await ledger.intend({ kind: "pid-lock", path });
  let fd: number | undefined;
  try {
    fd = openLocked(path);
  } catch (error) {
    await entry.forget();
    throw error;
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`, 0);
  await entry.acquired();
  const release = async () => {
    // First the lock, as release takes it itself: what it does is the same whether we let go or died.
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
    await entry.release();
  };
  return { path, [Symbol.asyncDispose]: release };
}

// A holder may unlink the file between our open and our lock: the lock we got is then on a file nobody else can see.
function openLocked(path: string): number {
  for (;;) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    try {
      const locked = trySetLock(fd, wholeFileLock, "description");
      if (!locked) throw lockedBy(path);
      if (isFileOf(fd, path)) return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}

function lockedBy(path: string): BelayError {
  const pid = readPid(path);
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  return new BelayError("ELOCKED", `${path} is held by ${holder}`, {
    hint: "stop it, or give another pid file",
    path,
    pid,
  });
}

/** The pid in a pid file, whether or not anybody holds it; undefined when there is none. */
export function readPid(path: string): number | undefined {
  try {
    const match = /^\s*(\d+)\s*$/.exec(readFileSync(path, "latin1"));
    return match === null ? undefined : Number(match[1]);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
