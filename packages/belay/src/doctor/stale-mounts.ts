import { readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  fuseUnmount,
  hasCode,
  isMountpoint,
  MountTable,
  removeStartLock,
  spawnProcess,
  toError,
  takeStartLock,
  sleep,
  type FileLock,
  type MountEntry,
} from "@belay/supervise";
import { mountpointRoot } from "@belay/wcfs";
import type { Leftover } from "./report.ts";

/** How a mount answers. `dead`: its server has gone; `hung`: no answer. */
type Answer = "alive" | "dead" | "hung";

const probeMs = 3000;

/** Finds the mounts of wcfs whose server is dead, and removes them when `fix` is set. */
export async function treatMounts(fix: boolean): Promise<Leftover[]> {
  const mounts = MountTable.read().query(isOurs);
  const found = await Promise.all(
    mounts.map(async (mount) => ({ mount, answer: await probe(mount.point.toString()) })),
  );
  const leftovers: Leftover[] = [];
  for (const { mount, answer } of found) {
    const text = `${String(mount.point)} (${String(mount.source)})`;
    if (answer === "hung") {
      leftovers.push({
        kind: "hung-mount",
        state: "left",
        text: `${text} does not answer`,
        hint: `wcfs stop ${String(mount.source)}`,
      });
    } else if (answer === "dead") leftovers.push(await treatDead(mount, text, fix));
  }
  return leftovers;
}

function isOurs({ fstype, superOptions }: MountEntry): boolean {
  const uid = process.geteuid?.() ?? 0;
  return fstype === "fuse.wcfs" && (uid === 0 || superOptions.includes(`user_id=${uid}`));
}

async function treatDead(mount: MountEntry, subject: string, fix: boolean): Promise<Leftover> {
  const text = `${subject} has lost its server`;
  const point = mount.point.toString();
  // A launcher may be about to put a new server there.
  const state = fix ? await withStartLock(point, () => unmountDead(mount)) : "left";
  if (typeof state === "string") return { kind: "stale-mount", state, text };
  return { kind: "stale-mount", state: "failed", text: `${text}: ${state.message}` };
}

async function unmountDead(mount: MountEntry): Promise<Leftover["state"] | Error> {
  const point = mount.point.toString();
  const isSame = MountTable.read().get(mount.id)?.point.equals(mount.point) === true;
  if (!isSame || (await probe(point)) !== "dead") return "gone";
  try {
    await fuseUnmount(point, { lazy: true, listUsers: false });
    return "fixed";
  } catch (error) {
    return toError(error);
  }
}

async function withStartLock<T>(point: string, work: () => T | Promise<T>): Promise<T> {
  using lock = await lockOf(point);
  const result = await work();
  if (lock !== undefined) removeStartLock(lock);
  return result;
}

// Where we may not make files no launcher does: only mountpoints made by hand lie there.
async function lockOf(point: string): Promise<FileLock | undefined> {
  try {
    return await takeStartLock(point);
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM", "EROFS")) return undefined;
    throw error;
  }
}

// In a process of its own: who asks a server that hangs hangs too, and can then not even be killed. It is not waited for.
async function probe(point: string): Promise<Answer> {
  const env = { ...process.env, LC_ALL: "C" };
  const child = await spawnProcess(["stat", "--file-system", "--format=%T", "--", point], { env });
  const status = await Promise.race([child.exited, sleep(probeMs).then(() => undefined)]);
  if (status === undefined) {
    child.abandon();
    return "hung";
  }
  const isDead = /Transport endpoint is not connected|Software caused connection abort/.test(
    child.stderrTail().toString(),
  );
  return status.code !== 0 && isDead ? "dead" : "alive";
}

/** Younger directories may be about to be used. */
const mountpointAgeMs = 3600_000;

/** Finds directories for mounts that are empty and not mounted on, and removes them when `fix` is set. */
export async function treatMountpoints(fix: boolean, root: string = mountpointRoot): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const name of list(root)) {
    const path = join(root, name);
    if (!/^[0-9a-f]{40}$/.test(name) || !isUnused(path)) continue;
    leftovers.push({
      kind: "mountpoint",
      text: `${path} is empty`,
      state: fix ? await withStartLock(path, () => removeUnused(path)) : "left",
    });
  }
  return leftovers;
}

function removeUnused(path: string): Leftover["state"] {
  if (!isUnused(path)) return "gone";
  rmdirSync(path);
  return "fixed";
}

// The mount table first: what is mounted there must not be touched.
function isUnused(path: string): boolean {
  if (isMountpoint(path)) return false;
  const { uid, mtimeMs } = statSync(path);
  return uid === process.geteuid?.() && Date.now() - mtimeMs > mountpointAgeMs && list(path).length === 0;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // not there, or not ours
  }
}
