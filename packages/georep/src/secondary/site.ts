import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

import {
  AT_EMPTY_PATH,
  close,
  fileSystemId,
  fileSystemUuid,
  open,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  statx,
  type Statx,
} from "@belay/linux";
import { BelayError, MountTable, type MountEntry } from "@belay/supervise";

import { noReplica, type Expected } from "../rpc/hello-messages.ts";
import { shownName } from "../tree/shown-name.ts";

/** File systems that begin from nothing at each mount: another one of them in the same place is as good as the last. */
const forgetful = new Set(["tmpfs", "ramfs"]);

/**
 * Where a directory lies, or will be made: the file system and how it is mounted, in one line for people, equal for as long as both are. With a file
 * system that is not mounted it is another one, as the mount point itself lies elsewhere.
 */
export function siteOf(path: string): string {
  const [site = ""] = sitesOf(path);
  return site;
}

/** The same, and behind it what it is called where nobody tells the UUID, as in versions before. */
function sitesOf(path: string): string[] {
  const there = existing(resolve(path));
  const fd = open(there, O_PATH);
  try {
    const stat = statx(fd, "", AT_EMPTY_PATH);
    const mount = MountTable.read().get(Number(stat.mountId));
    if (mount === undefined) return ["a file system that is mounted nowhere"];
    const fsid = fileSystemId(fd);
    const uuid = isOfDevice(fsid, stat) ? uuidAt(there) : undefined;
    const named = fsid.some((byte) => byte !== 0) ? fsid.toString("hex") : shownName(mount.source);
    return [...(uuid === undefined ? [] : [uuid]), named].map((name) => describe(mount, name));
  } finally {
    close(fd);
  }
}

// As XFS has it: an id that is made of the device's number (huge_encode_dev of the kernel) is another one when disks are found in another order.
function isOfDevice(fsid: Buffer, { devMajor, devMinor }: Pick<Statx, "devMajor" | "devMinor">): boolean {
  const device = ((devMinor & 0xff) | (devMajor << 8) | ((devMinor & ~0xff) << 12)) >>> 0;
  return fsid.readUInt32LE(0) === device && fsid.readUInt32LE(4) === 0;
}

function uuidAt(path: string): string | undefined {
  let fd: number;
  try {
    fd = open(path, O_RDONLY | O_DIRECTORY);
  } catch {
    return undefined; // whoever may only write there does without
  }
  try {
    return fileSystemUuid(fd)?.toString("hex");
  } finally {
    close(fd);
  }
}

function existing(path: string): string {
  return path === "/" || existsSync(path) ? path : existing(dirname(path));
}

function describe({ fstype, root, point }: MountEntry, named: string): string {
  const words = [...(forgetful.has(fstype) ? [] : [named]), ...(root.equals(slash) ? [] : [shownName(root)])];
  return `${fstype}${words.length === 0 ? "" : ` (${words.join(", ")})`} at ${shownName(point)}`;
}

const slash = Buffer.from("/");

/** The part of a site that tells the file system, however it is mounted: a unit may see a part of it, as a mount of its own. */
function fileSystemIn(site: string): string {
  const fstype = site.split(" ", 1)[0] ?? "";
  return forgetful.has(fstype) ? fstype : (/^\S+ \([^,)]*/.exec(site)?.[0] ?? site);
}

/**
 * Refuses a destination that is not the one that the worker wrote to: another memory, or none, and in another place. Most likely its file system is
 * not mounted. In the same place it was removed or made anew, and is filled again. One that was only looked at when the session was created has to be
 * on the same file system, or to have a memory of this session.
 *
 * @param replica  of the memory that is there; undefined: there is none
 * @throws BelayError `EDESTINATIONCHANGED`
 */
export function requireSite(root: string, expected: Expected | undefined, replica: Buffer | undefined): void {
  if (expected === undefined || replica?.equals(expected.replica) === true) return;
  const isUnwritten = expected.replica.equals(noReplica);
  if (isUnwritten && replica !== undefined) return;
  const sites = sitesOf(root);
  const part = isUnwritten ? fileSystemIn : (site: string) => site;
  if (sites.some((site) => part(site) === part(expected.site))) return;
  const missing = isUnwritten ? "nothing was written to it yet" : "nothing of this session is there";
  const what = replica === undefined ? missing : "it is another copy";
  throw new BelayError(
    "EDESTINATIONCHANGED",
    `the destination was on ${expected.site}, is on ${sites[0]} now, and ${what}`,
    { hint: "mount what belongs there; if it is right as it is, set accept-destination = true, and it is filled" },
  );
}
