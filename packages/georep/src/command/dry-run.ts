import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { hasCode } from "@belay/supervise";
import { stateDirectoryName } from "../tree/compare.ts";

/** What a replication would do to its destination. Names, files in the sense of the file system; bytes of content. */
export interface TransferPlan {
  readonly create: number;
  readonly update: number;
  /** Only owner, mode or time differ. */
  readonly touch: number;
  readonly remove: number;
  readonly bytes: number;
}

/** One name that would change. */
export interface PlannedChange {
  readonly path: Buffer;
  readonly action: "create" | "update" | "touch" | "remove";
  readonly bytes: number;
}

const slash = Buffer.from("/");

/**
 * Compares two trees by names, types, sizes and times, without opening a file or changing anything.
 *
 * A file whose content differs under the same size and time counts as equal here: `verify` compares content.
 *
 * @param onChange  told of each name
 */
export async function planTransfer(
  source: Buffer,
  destination: Buffer,
  onChange: (change: PlannedChange) => void = () => undefined,
  signal?: AbortSignal,
): Promise<TransferPlan> {
  const plan = { create: 0, update: 0, touch: 0, remove: 0, bytes: 0 };
  const tell = (path: Buffer, action: PlannedChange["action"], bytes: number) => {
    plan[action]++;
    plan.bytes += bytes;
    onChange({ path, action, bytes });
  };
  const root = lstat(source);
  const queue: Buffer[] = root?.isDirectory() === true ? [Buffer.alloc(0)] : [];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    signal?.throwIfAborted();
    await setImmediate();
    queue.push(...compareDirectory(source, destination, path, root?.dev, tell));
  }
  return plan;
}

type Tell = (path: Buffer, action: PlannedChange["action"], bytes: number) => void;

function compareDirectory(
  source: Buffer,
  destination: Buffer,
  directory: Buffer,
  device: bigint | undefined,
  tell: Tell,
): Buffer[] {
  const below: Buffer[] = [];
  const there = new Map(namesIn(join(destination, directory)).map((name) => [name.toString("latin1"), name]));
  for (const name of namesIn(join(source, directory))) {
    const path = join(directory, name);
    const here = lstat(join(source, path));
    if (here === undefined || here.dev !== device || isOurs(directory, name)) continue;
    there.delete(name.toString("latin1"));
    compareName(
      here,
      lstat(join(destination, path)),
      { from: join(source, path), to: join(destination, path) },
      (...it) => tell(path, ...it),
    );
    if (here.isDirectory()) below.push(path);
  }
  for (const name of there.values()) if (!isOurs(directory, name)) removeAll(destination, join(directory, name), tell);
  return below;
}

function compareName(
  here: BigIntStats,
  there: BigIntStats | undefined,
  paths: { readonly from: Buffer; readonly to: Buffer },
  tell: (action: PlannedChange["action"], bytes: number) => void,
): void {
  const bytes = here.isFile() ? Number(here.size) : 0;
  const type = (stats: BigIntStats) => stats.mode & 0o170000n;
  if (there === undefined) return tell("create", bytes);
  if (type(here) !== type(there)) return tell("update", bytes);
  if (here.isFile() && (here.size !== there.size || here.mtimeNs !== there.mtimeNs)) return tell("update", bytes);
  if (here.isSymbolicLink() && !readlinkSync(paths.from, "buffer").equals(readlinkSync(paths.to, "buffer")))
    return tell("update", 0);
  const isEqual = here.mode === there.mode && here.uid === there.uid && here.gid === there.gid;
  if (!isEqual || (here.isDirectory() && here.mtimeNs !== there.mtimeNs)) tell("touch", 0);
}

function removeAll(destination: Buffer, path: Buffer, tell: Tell): void {
  tell(path, "remove", 0);
  if (lstat(join(destination, path))?.isDirectory() !== true) return;
  for (const name of namesIn(join(destination, path))) removeAll(destination, join(path, name), tell);
}

function isOurs(directory: Buffer, name: Buffer): boolean {
  return directory.length === 0 && name.toString("latin1") === stateDirectoryName;
}

function join(directory: Buffer, name: Buffer): Buffer {
  if (directory.length === 0 || name.length === 0) return directory.length === 0 ? name : directory;
  return Buffer.concat([directory, slash, name]);
}

function namesIn(path: Buffer): Buffer[] {
  try {
    return readdirSync(path, { encoding: "buffer" });
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

function lstat(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
