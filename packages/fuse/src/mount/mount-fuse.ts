import { realpath } from "node:fs/promises";

import { close, mount } from "@belay/linux";
import { BelayError, fuseUnmount } from "@belay/supervise";

import { openFuseDevice } from "./device.ts";
import { connectionAt } from "./fuse-connection.ts";
import { mountByHelper } from "./helper.ts";
import { fstypeOf, mountData, mountFlags, sourceOf, type FuseMountOptions } from "./options.ts";

/** A mounted FUSE file system that waits to be served. */
export interface FuseMount extends AsyncDisposable {
  /**
   * The /dev/fuse descriptor, to be served by any thread of this process. It is closed with this object: end serving
   * first.
   */
  readonly fd: number;
  /** Absolute, without symbolic links. */
  readonly mountpoint: string;
  /** Number of the connection, see `abortConnection` and `setReadAhead`. */
  readonly connection: number;
  /**
   * Unmounts.
   *
   * @param lazy  detach now even if it is in use, free when the last user has gone
   * @throws BelayError `EUNMOUNT` while it is in use, `ENOTMOUNTED` when somebody else was faster
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
  const unmount = (lazy = false) => fuseUnmount(target, { lazy, listUsers: false });
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

// Somebody else may have unmounted it, which is what was wanted.
function ignoreNotMounted(error: unknown): void {
  if (!(error instanceof BelayError && error.code === "ENOTMOUNTED")) throw error;
}
