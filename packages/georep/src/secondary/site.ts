import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { close, fileSystemId, open, O_PATH, statx, AT_EMPTY_PATH } from "@belay/linux";
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
  const there = existing(resolve(path));
  const fd = open(there, O_PATH);
  try {
    const mount = MountTable.read().get(Number(statx(fd, "", AT_EMPTY_PATH).mountId));
    return mount === undefined ? "a file system that is mounted nowhere" : describe(mount, fileSystemId(fd));
  } finally {
    close(fd);
  }
}

function existing(path: string): string {
  return path === "/" || existsSync(path) ? path : existing(dirname(path));
}

function describe({ fstype, source, root, point }: MountEntry, fsid: Buffer): string {
  const named = fsid.some((byte) => byte !== 0) ? fsid.toString("hex") : shownName(source);
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
  const site = siteOf(root);
  const isThere = isUnwritten ? fileSystemIn(site) === fileSystemIn(expected.site) : site === expected.site;
  if (isThere) return;
  const missing = isUnwritten ? "nothing was written to it yet" : "nothing of this session is there";
  const what = replica === undefined ? missing : "it is another copy";
  throw new BelayError(
    "EDESTINATIONCHANGED",
    `the destination was on ${expected.site}, is on ${site} now, and ${what}`,
    { hint: "mount what belongs there; if it is right as it is, set accept-destination = true, and it is filled" },
  );
}
