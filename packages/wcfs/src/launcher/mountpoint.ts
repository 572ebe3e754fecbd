import { normalizeZurl } from "@belay/zodb";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoName } from "@belay/supervise";

/** Where the mountpoints of all databases on this machine lie. */
export const mountpointRoot = "/dev/shm/wcfs";

/**
 * The mountpoint of a database: one place per database, whoever asks and with whichever credentials.
 *
 * Derives the name only; nothing is created.
 *
 * @throws ZodbError for a zurl whose scheme cannot be normalised
 */
export function mountpointOf(zurl: string): string {
  return join(mountpointRoot, createHash("sha1").update(normalizeZurl(zurl)).digest("hex"));
}

/**
 * The mountpoint of a database, made if it is not there.
 *
 * The root is for all users, so it is sticky and writable by everyone; its owner puts that right if it is not. It stays when the last
 * mountpoint in it goes, as somebody else may be about to make one. A mountpoint under which a server died is left as it is.
 */
export function ensureMountpoint(zurl: string): string {
  const mountpoint = mountpointOf(zurl);
  const made = makeDirectory(mountpointRoot);
  if (made || statSync(mountpointRoot).uid === process.getuid?.()) chmodSync(mountpointRoot, 0o1777);
  makeDirectory(mountpoint);
  return mountpoint;
}

// Not recursive: that stats the path when it exists, and a dead FUSE mount answers stat with ENOTCONN.
function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path, 0o777);
    return true;
  } catch (error) {
    if (errnoName(error) === "EEXIST") return false;
    throw error;
  }
}
