import { errno, errnoOf } from "@belay/linux";

import type { ObjectChange } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import type { Session } from "./session.ts";

/** To chown(2): leave it. */
const unchanged = 0xffff_ffff;

/** What an ordinary user is told once, and not name by name. */
export type Restriction = "owner" | "attributes";

const said: Readonly<Record<Restriction, string>> = {
  owner: "owners cannot be set by this user: everything belongs to it here, and set-id bits are left out",
  attributes: "attributes other than user.* cannot be set by this user: they are left out",
};

/** Does what only root may; for an ordinary user it is left out, and said once. @returns whether it was done */
export function ifAllowed({ restrictions, logger }: Session, what: Restriction, action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (errnoOf(error) !== errno.EPERM || process.geteuid?.() === 0) throw error;
    if (!restrictions.has(what)) logger.warn(said[what]);
    restrictions.add(what);
    return false;
  }
}

/**
 * Gives an object its owner, as far as this process may: an ordinary user owns all there is, and may choose among its groups.
 *
 * @returns the mode it may have: bits that let others act as its owner are only for its true owner
 */
export function setOwner(session: Session, change: ObjectChange, chown: (uid: number, gid: number) => void): number {
  const { uid, gid, mode } = change;
  if (ifAllowed(session, "owner", () => chown(uid, gid))) return mode;
  const hasGroup = ifAllowed(session, "owner", () => chown(unchanged, gid));
  return isDirectory(mode) ? mode : mode & ~(hasGroup ? 0o4000 : 0o6000);
}
