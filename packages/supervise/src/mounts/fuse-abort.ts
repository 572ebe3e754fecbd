import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { mount } from "@belay/linux";
import { hasCode, toError } from "../errors/belay-error.ts";
import type { Logger } from "../log/logger.ts";
import { MountTable } from "./mount-table.ts";
import type { MountEntry } from "./types.ts";

const control = "/sys/fs/fuse/connections";

/** The switch that ends a FUSE connection: every request that waits for the server fails, whatever the server does. */
export interface FuseAbort extends Disposable {
  /** User that mounted the file system. */
  readonly uid: number;
  /** Ends the connection; later accesses fail with ENOTCONN. Harmless when it has ended already. */
  abort(): void;
}

/**
 * Opens a mount's switch: `/sys/fs/fuse/connections/MINOR/abort`.
 *
 * To be opened early, while the mount is there: looking for it later would have to ask the file system that hangs. As root the
 * control file system is mounted where it is missing.
 *
 * @returns undefined, with a warning, where there is no such file (containers often have none)
 */
export function openFuseAbort(entry: MountEntry, logger: Logger): FuseAbort | undefined {
  try {
    mountControl();
    return ownedAbort(openSync(`${control}/${entry.minor}/abort`, "w"));
  } catch (error) {
    logger.warn(`no way to abort the FUSE connection of ${String(entry.point)}: ${toError(error).message}`);
    return undefined;
  }
}

/** Mounts fusectl if it is not and we may. */
export function mountControl(): void {
  const isMounted = MountTable.read()
    .at(control)
    .some(({ fstype }) => fstype === "fusectl");
  if (isMounted || process.geteuid?.() !== 0) return;
  try {
    mount("fusectl", control, "fusectl");
  } catch (error) {
    if (!hasCode(error, "EBUSY")) throw error; // another was faster
  }
}

function ownedAbort(fd: number): FuseAbort {
  let open = true;
  return {
    uid: fstatSync(fd).uid,
    abort: () => void writeSync(fd, "1\n"),
    [Symbol.dispose]: () => {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
