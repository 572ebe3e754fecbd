import { closeSync, existsSync, fstatSync, fsyncSync, openSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { BelayError } from "@belay/supervise";
import { formatTid } from "../ids/tid.ts";
import { FileStorage } from "./file-storage.ts";
import { Follower } from "./follower.ts";
import { MAGIC_PY3 } from "./format.ts";
import { buildGeneration, closeGeneration, type Generation } from "./generation.ts";
import { Generations } from "./generations.ts";
import { temporaryIndexPath } from "./index-file.ts";
import { lockPath, takeWriteLock, type WriteLock } from "./lock.ts";
import { openRegular } from "./open-regular.ts";
import type { FileStorageOptions } from "./options.ts";
import { readAt } from "./read-at.ts";
import { cutTornTail } from "./recover.ts";
import { goesOnBehind } from "./walk-back.ts";
import { writeAllAt } from "./write-all.ts";
import { Writer } from "./writer.ts";

const KEEP_GENERATIONS = 2;
/** How long building the index keeps others on this thread waiting, in ms. */
const SLICE_MS = 20;

/**
 * Opens a FileStorage.
 *
 * Read-only takes no lock and writes nothing. Read-write takes the lock, cuts off what a crash left, and leaves an index
 * when it is disposed of.
 *
 * @param path  of the data file, usually named Data.fs
 * @throws errors of open(2); ZodbError `ELOCKED`, `EFORMAT` (no FileStorage), `EDAMAGED`, `EUNSUPPORTED`
 */
export async function openFileStorage(path: string, options: FileStorageOptions = {}): Promise<FileStorage> {
  const file = resolve(path);
  return options.readOnly === false ? openForWriting(file, options) : openForReading(file, options);
}

async function openForReading(path: string, options: FileStorageOptions): Promise<FileStorage> {
  const current = await build(path, openRegular(path, "r"), options);
  warnOfHiddenTransactions(current, options.onWarning ?? ((text) => process.emitWarning(text)));
  const generations = new Generations(current, options.keepGenerations ?? KEEP_GENERATIONS);
  try {
    return new FileStorage({ path, generations, follower: new Follower(path, generations), writer: undefined });
  } catch (error) {
    generations.close();
    throw error;
  }
}

// A writer refuses such a file. A reader shows what came before, as Python's does, but that is not to go unnoticed.
function warnOfHiddenTransactions({ path, fd, pos, stop, lastTid }: Generation, warn: (text: string) => void): void {
  if (stop === "end" || !goesOnBehind(fd, fstatSync(fd).size, pos)) return;
  warn(
    `${path} is damaged at offset ${pos}: transactions after ${formatTid(lastTid)} are there, but cannot be reached and are not shown; ` +
      "belay zodb check tells more",
  );
}

async function openForWriting(path: string, options: FileStorageOptions): Promise<FileStorage> {
  if (options.create !== true) checkPresent(path);
  const lock = takeWriteLock(path);
  try {
    const current = await build(path, openOrCreate(path, options.create ?? false), options);
    rmSync(temporaryIndexPath(path), { force: true }); // of a writer that was killed: we have the lock now
    return writable(path, current, lock, options);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

function writable(path: string, current: Generation, lock: WriteLock, options: FileStorageOptions): FileStorage {
  try {
    cutTornTail(current);
    if (current.index.size === 0 && current.lastTid === 0n) startFile(path, current.fd);
  } catch (error) {
    closeGeneration(current);
    throw error;
  }
  const writer = new Writer(current, lock, options.syncBeforeFinish ?? true);
  return new FileStorage({ path, generations: new Generations(current, 0), follower: undefined, writer });
}

// Before the lock is taken: its file would be left beside a database that is not there. Where it is there already, a writer may be packing,
// and then the database has no name for a moment.
function checkPresent(path: string): void {
  if (existsSync(path) || existsSync(lockPath(path))) return;
  throw new BelayError("ENOENT", `there is no database ${path}`, {
    hint: "to have one made, say so: --create-db of belay wcfs import, or ?create=1 at the end of the zurl",
  });
}

function openOrCreate(path: string, create: boolean): number {
  try {
    return openRegular(path, "r+");
  } catch (error) {
    if (!create || !(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  return openSync(path, "wx+", 0o666);
}

// An empty file is a new database.
function startFile(path: string, fd: number): void {
  const magic = Buffer.alloc(4);
  if (readAt(fd, magic, magic.length, 0) === magic.length) return;
  writeAllAt(fd, Buffer.from(MAGIC_PY3), 0);
  fsyncSync(fd);
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Builds the index without keeping the thread. Closes the file when it fails. */
async function build(path: string, fd: number, options: FileStorageOptions): Promise<Generation> {
  try {
    const steps = buildGeneration(path, fd);
    let until = performance.now() + SLICE_MS;
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      if (performance.now() < until) continue;
      options.onProgress?.(step.value);
      await setImmediate();
      options.signal?.throwIfAborted();
      until = performance.now() + SLICE_MS;
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
