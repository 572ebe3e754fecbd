import { MNT_DETACH, umount2, UMOUNT_NOFOLLOW } from "@belay/linux";
import { BelayError, hasCode, toError } from "../errors/belay-error.ts";
import { silentLogger, type Logger } from "../log/logger.ts";
import { spawnProcess } from "../process/spawn-process.ts";
import { MountTable } from "./mount-table.ts";
import { usersOfMount, usersText } from "./users-of-mount.ts";

/** How to unmount. */
export interface FuseUnmountOptions {
  /** Take the name away now, the mount when nobody uses it any more (`-z`). */
  readonly lazy?: boolean;
  readonly logger?: Logger;
  /** Lists who uses the mount when unmounting fails. Default true. */
  readonly listUsers?: boolean;
}

/** Unmounting failed although there is a mount; most often it is in use. `output` is what the kernel or fusermount said. */
export class FuseUnmountError extends BelayError {
  declare readonly output: string;
}

/**
 * Unmounts a FUSE mount: by umount2(2) as root, else by fusermount3 or fusermount.
 *
 * @throws BelayError `ENOTMOUNTED` when nothing is mounted there; {@link FuseUnmountError} `EUNMOUNT`
 */
export async function fuseUnmount(point: string, options: FuseUnmountOptions = {}): Promise<void> {
  const { lazy = false, logger = silentLogger, listUsers = true } = options;
  const [mount] = MountTable.read().at(point).slice(-1);
  if (mount === undefined) throw new BelayError("ENOTMOUNTED", `not a mountpoint: ${point}`, { path: point });
  const failure = process.geteuid?.() === 0 ? unmountAsRoot(point, lazy) : await unmountAsUser(point, lazy);
  if (failure === undefined) return;
  const opts = lazy ? "-z " : "";
  const subject = `fuse_unmount ${opts}${point}: failed: ${failure}`;
  logger.warn(subject);
  if (listUsers) logUsers(mount, point, logger);
  throw new FuseUnmountError("EUNMOUNT", `${subject}\n(more details logged)`, { output: failure, path: point });
}

function logUsers(mount: Parameters<typeof usersOfMount>[0], point: string, logger: Logger): void {
  logger.warn(`# lsof ${point}`);
  try {
    logger.warn(usersText(usersOfMount(mount, { logger })));
  } catch (error) {
    logger.warn(`lsof failed: ${toError(error).stack ?? ""}`);
  }
}

function unmountAsRoot(point: string, lazy: boolean): string | undefined {
  try {
    umount2(point, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0));
    return undefined;
  } catch (error) {
    return toError(error).message;
  }
}

// The client's environment may have no PATH at all.
async function unmountAsUser(point: string, lazy: boolean): Promise<string | undefined> {
  const path = process.env["PATH"] ?? "";
  const env = { ...process.env, PATH: path === "" ? "/bin:/usr/bin" : `${path}:/bin:/usr/bin` };
  for (const program of ["fusermount3", "fusermount"]) {
    try {
      const argv = [program, "-u", ...(lazy ? ["-z"] : []), "--", point];
      await using child = await spawnProcess(argv, { env, stdout: "capture" });
      const { code } = await child.exited;
      return code === 0 ? undefined : Buffer.concat([child.output(), child.stderrTail()]).toString().trim();
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
  return "neither fusermount3 nor fusermount is installed (package fuse3)";
}
