import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { LOCK_EX, tryFlock } from "@belay/linux";
import { ZodbError } from "../errors/zodb-error.ts";

/** The right to write a FileStorage; the kernel takes it back when the process dies. */
export interface WriteLock extends Disposable {
  readonly path: string;
}

/**
 * Takes the lock that every writer of a FileStorage holds, Python's included: flock(2) on `<path>.lock`, which says who has it as
 * ` <pid>\n`. The lock file remains when the lock is released.
 *
 * @param path  of the database
 * @throws ZodbError `ELOCKED`, naming the process that has it
 */
export function takeWriteLock(path: string): WriteLock {
  const fd = openSync(lockPath(path), "a+", 0o666);
  try {
    if (!tryFlock(fd, LOCK_EX)) throw lockedBy(path);
    ftruncateSync(fd);
    writeSync(fd, ` ${process.pid}\n`);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { path: lockPath(path), [Symbol.dispose]: () => closeSync(fd) };
}

/** Name of the lock file of a database. */
export function lockPath(path: string): string {
  return `${path}.lock`;
}

function lockedBy(path: string): ZodbError {
  const pid = readFileSync(lockPath(path), "latin1").trim();
  const holder = /^\d+$/.test(pid) ? `process ${pid}` : "another process";
  return new ZodbError("ELOCKED", `${path} is open for writing in ${holder}`, {
    hint: "only one process can write a FileStorage: stop it, or open the database for reading only",
  });
}
