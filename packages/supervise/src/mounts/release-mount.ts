import { MNT_DETACH, umount2, UMOUNT_NOFOLLOW } from "@belay/linux";
import { hasCode } from "../errors/belay-error.ts";
import type { LedgerEntry, ReleaseContext, ReleaseFunction } from "../ledger/types.ts";
import { openFuseAbort } from "./fuse-abort.ts";
import { fuseUnmount } from "./fuse-unmount.ts";
import { MountTable } from "./mount-table.ts";
import type { MountEntry } from "./types.ts";

/** Ledger entry of a mount; `mountId` and `dev` are patched in by `acquired`. */
export interface MountLedgerEntry extends LedgerEntry {
  readonly kind: "mount";
  readonly point: string;
  readonly source: string;
  readonly fstype: string;
  readonly mountId?: number;
  readonly dev?: number;
}

/** What identifies a mount, for `acquired`. */
export function mountIdentity(mount: MountEntry): { mountId: number; dev: number } {
  return { mountId: mount.id, dev: mount.dev };
}

/**
 * Unmounts what the entry means. A mount in use is aborted if it is FUSE's, and detached: its owner is dead or leaves, so
 * whoever still uses it has lost it already; the name is free at once.
 */
export const releaseMount: ReleaseFunction = async (raw, context) => {
  const entry = raw as MountLedgerEntry;
  const found = find(entry, context);
  if (found === undefined) return "gone";
  try {
    await unmount(found, entry.point, false);
  } catch (error) {
    if (!hasCode(error, "EBUSY", "EUNMOUNT")) throw error;
    abort(found, context);
    await unmount(found, entry.point, true);
  }
  return "released";
};

// Mount ids and devices are given again, so the type and the source have to be right too.
function find(entry: MountLedgerEntry, { acquired }: ReleaseContext): MountEntry | undefined {
  const [top] = MountTable.read().at(entry.point).slice(-1);
  const isOurs =
    top?.fstype === entry.fstype &&
    top.source.toString() === entry.source &&
    (!acquired || (top.id === entry.mountId && top.dev === entry.dev));
  return isOurs ? top : undefined;
}

async function unmount(mount: MountEntry, point: string, lazy: boolean): Promise<void> {
  if (isFuse(mount)) await fuseUnmount(point, { lazy, listUsers: false });
  else umount2(point, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0));
}

function abort(mount: MountEntry, { logger }: ReleaseContext): void {
  if (!isFuse(mount)) return;
  using connection = openFuseAbort(mount, logger);
  connection?.abort();
}

function isFuse({ fstype }: MountEntry): boolean {
  return fstype === "fuse" || fstype.startsWith("fuse.");
}
