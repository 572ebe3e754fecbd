import {
  AT_SYMLINK_NOFOLLOW,
  close,
  errno,
  errnoOf,
  fchmod,
  fchown,
  fchownat,
  flistxattr,
  fremovexattr,
  fsetxattr,
  futimens,
  lremovexattr,
  lsetxattr,
  O_NOFOLLOW,
  O_PATH,
  openat2,
  utimensat,
  UTIME_OMIT,
} from "@belay/linux";

import { keyOf } from "../ids/file-id.ts";
import { isReplicated } from "../policy/attributes.ts";
import type { ObjectChange, SessionRules } from "../rpc/messages.ts";
import { isLink } from "../tree/object-state.ts";
import { pathAt, readXattrs, statAt } from "../tree/read-object.ts";
import type { Place } from "./batch.ts";
import { ifAllowed, setOwner } from "./owner.ts";
import { asOwner, setModeOf } from "./own-access.ts";
import { beneath } from "./beneath.ts";
import type { Session } from "./session.ts";

/**
 * Makes owner, attributes, mode and mtime of an object what they have to be; touches only what differs.
 *
 * The order matters: a new owner drops capabilities and set-id bits, an ACL changes the mode, everything changes the ctime only.
 */
export function applyMetadata({ dirfd, name }: Place, change: ObjectChange, session: Session): void {
  const before = statAt(dirfd, name);
  if (before === undefined) return;
  const isOwned = before.uid === change.uid && before.gid === change.gid;
  const chown = (uid: number, gid: number) => fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW);
  const mode = isOwned ? change.mode : setOwner(session, change, chown);
  const areChanged = asOwner({ dirfd, name }, () => applyXattrs(pathAt(dirfd, name), change, session));
  const now = isOwned && !areChanged ? before : statAt(dirfd, name);
  if (!isLink(mode) && now?.mode !== mode) setMode({ dirfd, name, isHeld: false }, mode);
  if (before.mtime !== change.mtime) utimensat(dirfd, name, UTIME_OMIT, change.mtime, AT_SYMLINK_NOFOLLOW);
}

/** As {@link applyMetadata}, of a regular file that was made just now. */
export function applyMetadataTo(fd: number, change: ObjectChange, session: Session): void {
  const { mtime, xattrs } = change;
  const mode = setOwner(session, change, (uid, gid) => fchown(fd, uid, gid));
  for (const name of replicatedXattrsOf(fd, session.rules))
    if (!xattrs.some((wanted) => wanted.name.equals(name))) setAttribute(session, name, () => fremovexattr(fd, name));
  for (const { name, value } of xattrs) setAttribute(session, name, () => fsetxattr(fd, name, value));
  fchmod(fd, mode & 0o7777);
  futimens(fd, UTIME_OMIT, mtime);
}

/** Names of the attributes of an open file that are made what they have to be. */
export function replicatedXattrsOf(fd: number, rules: SessionRules): Buffer[] {
  return flistOf(fd).filter((name) => isReplicated({ name }, rules));
}

function flistOf(fd: number): Buffer[] {
  try {
    return flistxattr(fd);
  } catch (error) {
    if (errnoOf(error) === errno.EOPNOTSUPP) return [];
    throw error;
  }
}

/** chmod(2) of what is at a place. It follows links, so not by name: somebody might put one there. */
export function setMode({ dirfd, name }: Place, mode: number): void {
  const fd = openat2(dirfd, name, O_PATH | O_NOFOLLOW, beneath);
  try {
    setModeOf(fd, mode);
  } finally {
    close(fd);
  }
}

// Those of the user's own, and ACLs, it may set; what fails there is a failure.
function setAttribute(session: Session, name: Buffer, action: () => void): void {
  if (/^(?:user|system)\./.test(name.toString("latin1"))) action();
  else ifAllowed(session, "attributes", action);
}

/** @returns whether something had to be changed */
function applyXattrs(path: Buffer, change: ObjectChange, session: Session): boolean {
  const { rules } = session;
  if (!rules.syncXattrs && !rules.syncAcls) return false;
  const replicated = readXattrs(path).filter((xattr) => isReplicated(xattr, rules));
  const present = new Map(replicated.map(({ name, value }) => [keyOf(name), { name, value }]));
  const wanted = new Set(change.xattrs.map(({ name }) => keyOf(name)));
  const unwanted = [...present].flatMap(([key, { name }]) => (wanted.has(key) ? [] : [name]));
  const missing = change.xattrs.filter(({ name, value }) => !present.get(keyOf(name))?.value.equals(value));
  for (const name of unwanted) setAttribute(session, name, () => lremovexattr(path, name));
  for (const { name, value } of missing) setAttribute(session, name, () => lsetxattr(path, name, value));
  return unwanted.length + missing.length > 0;
}
