import { realpath } from "node:fs/promises";

import { close, errno, errnoOf, MNT_DETACH, mount, umount2, UMOUNT_NOFOLLOW } from "@belay/linux";

import { openFuseDevice } from "./device.ts";
import { connectionAt } from "./fuse-connection.ts";
import { mountByHelper, unmountByHelper } from "./helper.ts";
import { fstypeOf, mountData, mountFlags, sourceOf, type FuseMountOptions } from "./options.ts";

/** A mounted FUSE file system that waits to be served. */
export interface FuseMount extends AsyncDisposable {
  /** The /dev/fuse descriptor, to be served by any thread of this process. It is closed with this object: end serving first. */
  readonly fd: number;
  /** Absolute, without symbolic links. */
  readonly mountpoint: string;
  /** Number of the connection, see `abortConnection` and `setReadAhead`. */
  readonly connection: number;
  /**
   * Unmounts.
   *
   * @param lazy  detach now even if it is in use, free when the last user has gone
   * @throws EBUSY (an ErrnoError, or the helper's words) while it is in use
   */
  unmount(lazy?: boolean): Promise<void>;
  /** Unmounts lazily and closes the descriptor. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Mounts a FUSE file system: by mount(2) as root, through fusermount3 otherwise.
 *
 * Nothing may access the mount before it is served, also not to look whether it is there: the access would wait.
 *
 * @throws ErrnoError of mount(2), BelayError `ENOFUSE`, `EFUSEHELPER`
 */
export async function mountFuse(mountpoint: string, options: FuseMountOptions = {}): Promise<FuseMount> {
  const target = await realpath(mountpoint);
  const direct = process.geteuid?.() === 0;
  const fd = direct ? mountFuseDirectly(target, options) : await mountByHelper(target, options);
  const unmount = (lazy = false) => unmountFuse(target, lazy);
  return {
    fd,
    mountpoint: target,
    connection: connectionAt(target) ?? 0,
    unmount,
    async [Symbol.asyncDispose]() {
      await unmount(true).catch(ignoreNotMounted);
      close(fd);
    },
  };
}

/** mount(2) of a FUSE file system. Needs CAP_SYS_ADMIN. @returns the descriptor to serve */
export function mountFuseDirectly(mountpoint: string, options: FuseMountOptions = {}): number {
  const fd = openFuseDevice();
  try {
    const data = mountData(fd, process.getuid?.() ?? 0, process.getgid?.() ?? 0, options);
    mount(sourceOf(options), mountpoint, fstypeOf(options), mountFlags(options), data);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Unmounts by umount2(2) as root, through fusermount3 otherwise.
 *
 * @throws ErrnoError EBUSY, EINVAL (not mounted); BelayError `EFUSEHELPER` with the helper's words
 */
export async function unmountFuse(mountpoint: string, lazy = false): Promise<void> {
  if (process.geteuid?.() === 0) umount2(mountpoint, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0));
  else await unmountByHelper(mountpoint, lazy);
}

// Somebody else may have unmounted it, which is what was wanted.
function ignoreNotMounted(error: unknown): void {
  const number = errnoOf(error);
  const gone = number === errno.EINVAL || number === errno.ENOENT;
  const helperSaysGone = error instanceof Error && /not (found|mounted)|no such/i.test(error.message);
  if (!gone && !helperSaysGone) throw error;
}
