import { readFileSync } from "node:fs";

import { ownStampOf } from "@belay/linux";

import type { OwnerAndMode } from "../rpc/fill-messages.ts";
import type { ObjectChange, SessionRules } from "../rpc/messages.ts";
import { replicatedXattrsOf } from "./metadata.ts";

/** What files have that are made in `held/`, without anybody setting it. */
export interface Birth {
  readonly uid: number;
  readonly gid: number;
  /** Permissions they do not get. */
  readonly umask: number;
  /** No attributes come with the directory. */
  readonly isBare: boolean;
}

/** Learns it from a file that was made there just now. */
export function birthOf(fd: number, rules: SessionRules): Birth {
  const { uid, gid } = ownStampOf(fd);
  return { uid, gid, umask: umaskNow(), isBare: replicatedXattrsOf(fd, rules).length === 0 };
}

// process.umask() would set it for a moment, for all threads.
function umaskNow(): number {
  const umask = /^Umask:\s*([0-7]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return umask === undefined ? 0o777 : Number.parseInt(umask, 8);
}

/** Tells whether a file that is made with its mode has owner, mode and attributes as they have to be. */
export function isBornRight(birth: Birth | undefined, { mode, uid, gid, xattrs }: ObjectChange): boolean {
  if (birth === undefined || !birth.isBare || xattrs.length > 0) return false;
  return (mode & 0o7000) === 0 && (mode & birth.umask) === 0 && uid === birth.uid && gid === birth.gid;
}

/** Tells whether owner and mode are what they have to be. */
export function hasOwnerAndMode(stat: OwnerAndMode, { mode, uid, gid }: OwnerAndMode): boolean {
  return stat.mode === mode && stat.uid === uid && stat.gid === gid;
}
