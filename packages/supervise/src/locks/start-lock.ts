import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { runDirectory } from "../rundir/run-directory.ts";
import { takeFileLock, type FileLockOptions } from "./file-lock.ts";
import type { FileLock } from "./types.ts";

/**
 * The lock under which something that must exist once is looked for and started: take it, look again, start, wait until it is
 * ready, let go.
 *
 * A flock(2) on `locks/SHA1(NAME).lock` in the run directory. An abstract unix socket would do as well and leave no file, but is scoped to the
 * network namespace: two containers that share the mount, but not the network, would not exclude each other. The lock
 * excludes the processes of one user; another user's server cannot be entered anyway.
 *
 * @param name  of what is started, such as the mountpoint
 */
export async function takeStartLock(
  name: string,
  options: FileLockOptions & { directory?: string } = {},
): Promise<FileLock> {
  const { directory = runDirectory(), wait = true, signal } = options;
  const folder = join(directory, "locks");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha1").update(name).digest("hex");
  return takeFileLock(join(folder, `${hash}.lock`), { wait, signal });
}
