import { renameat2, RENAME_NOREPLACE } from "@belay/linux";

import { fileIdIfThere, statAt } from "../tree/read-object.ts";
import { conflictName } from "./conflict-name.ts";
import { asOwner, type Named } from "./own-access.ts";
import type { Removal } from "./remove-ours.ts";
import type { Session } from "./session.ts";
import { mayBeWorkOfOurs } from "./unsure.ts";

/** Removes what is ours; the rest goes to `conflicts/`. */
export const removalIn = (session: Session): Removal => ({
  isOurs: (dirfd, name) => isOurs(session, dirfd, name),
  setAside: (dirfd, name) => setAside(session, dirfd, name, name),
});

/** Moves something out of our way; a directory also when its mode forbids that, as its parent is noted in it. */
export function moveAway(from: Named, to: number, name: Uint8Array | string): void {
  asOwner(from, () => renameat2(from.dirfd, from.name, to, name, RENAME_NOREPLACE));
}

/** Moves what is not ours to `conflicts/`. @param was  what it was called */
export function setAside(session: Session, dirfd: number, name: Buffer, was: Buffer): void {
  moveAway({ dirfd, name }, session.conflictsDirectory, conflictName(was));
  session.logger.warn(
    `${JSON.stringify(was.toString())} was in the way and not ours: moved to the conflicts directory`,
  );
}

function isOurs(session: Session, dirfd: number, name: Buffer): boolean {
  const here = fileIdIfThere(dirfd, name);
  const origin = statAt(dirfd, name);
  if (here === undefined || session.map.byHere(here, origin) !== undefined) return true;
  return mayBeWorkOfOurs(session, { here, origin });
}
