import { errno, errnoOf, lgetxattr, lremovexattr, lsetxattr } from "@belay/linux";

import { isReplicated } from "../policy/attributes.ts";
import type { Xattr } from "../tree/object-state.ts";
import { pathAt, readXattrs } from "../tree/read-object.ts";
import type { Place } from "./batch.ts";
import { ifAllowed } from "./owner.ts";
import type { Session } from "./session.ts";

// Attributes that are not replicated belong to the destination: what is made new gets there what the file system would have given it at its place,
// and what takes the place of something keeps what that had.

const access = Buffer.from("system.posix_acl_access");
const byDefault = Buffer.from("system.posix_acl_default");
const itself = Buffer.alloc(0);

/** Tells whether a directory gives an ACL to what is made in it, and nothing else says what ACL that has. */
export function handsOnAcl({ rules }: Pick<Session, "rules">, dirfd: number): boolean {
  return !rules.syncAcls && defaultAclOf(dirfd) !== undefined;
}

/**
 * Gives something that was made elsewhere the ACL that its directory hands on; its mode has to be set afterwards, which makes the ACL what it would
 * be had it been made there.
 *
 * @param parent  the directory, open
 */
export function inheritAcl(
  { rules }: Session,
  parent: number,
  { dirfd, name }: Omit<Place, "isHeld">,
  isDirectory: boolean,
): void {
  const acl = rules.syncAcls ? undefined : defaultAclOf(parent);
  if (acl === undefined) return;
  const path = pathAt(dirfd, name);
  lsetxattr(path, access, acl);
  if (isDirectory) lsetxattr(path, byDefault, acl);
}

/** Takes from a directory of our own what it would hand on. */
export function handOnNothing(dirfd: number): void {
  if (defaultAclOf(dirfd) !== undefined) lremovexattr(pathAt(dirfd, itself), byDefault);
}

/** Attributes of a file that are not replicated. */
export function ownAttributes({ rules }: Session, dirfd: number, name: Buffer): Xattr[] {
  if (rules.syncXattrs && rules.syncAcls) return [];
  return readXattrs(pathAt(dirfd, name)).filter((xattr) => !isReplicated(xattr, rules));
}

/** Gives a file that takes the place of another one the attributes that are not replicated; its mode has to be set afterwards. */
export function keepAttributes(session: Session, from: Omit<Place, "isHeld">, to: Omit<Place, "isHeld">): void {
  for (const { name, value } of ownAttributes(session, from.dirfd, from.name))
    ifAllowed(session, "attributes", () => lsetxattr(pathAt(to.dirfd, to.name), name, value));
}

function defaultAclOf(dirfd: number): Buffer | undefined {
  try {
    return lgetxattr(pathAt(dirfd, itself), byDefault);
  } catch (error) {
    if (errnoOf(error) === errno.EOPNOTSUPP) return undefined;
    throw error;
  }
}
