import { linkat, renameat2, RENAME_NOREPLACE, unlinkat } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import { hasId } from "../tree/read-object.ts";
import { inTheWay } from "./batch.ts";
import { moveAway } from "./not-ours.ts";
import { strangerPrefix, type Session } from "./session.ts";

/** A name in a directory, and the id of what it is known to stand for. */
export interface Standing {
  readonly dirfd: number;
  readonly name: Buffer;
  readonly here: FileId;
}

/** Takes into `held/` what is not ours; it goes to `conflicts/` when the batch is finished. @param was  what it was called */
export function holdStranger({ heldDirectory, strangers }: Session, dirfd: number, name: Buffer, was: Buffer): void {
  const stranger = `${strangerPrefix}${Date.now()}-${strangers.size}`;
  moveAway({ dirfd, name }, heldDirectory, stranger);
  strangers.set(stranger, was);
}

/**
 * Takes into `held/` what a name is known to stand for: moves it, or links it so that it keeps the name. What came is looked at: somebody may have put something
 * else there since.
 *
 * @returns false when it was something else: it keeps its name, or is held as a stranger
 * @throws BelayError `EEXIST` when such things may not be moved aside: it has its name again, unless that was taken once more
 */
export function takeName(
  session: Session,
  { dirfd, name, here }: Standing,
  { heldName, keepsName }: { readonly heldName: Buffer; readonly keepsName: boolean },
): boolean {
  const { heldDirectory, rules } = session;
  if (keepsName) linkat(dirfd, name, heldDirectory, heldName);
  else renameat2(dirfd, name, heldDirectory, heldName, RENAME_NOREPLACE);
  if (hasId(heldDirectory, heldName, here)) return true;
  if (keepsName) unlinkat(heldDirectory, heldName);
  else if (rules.setsConflictsAside) holdStranger(session, heldDirectory, heldName, name);
  else {
    giveBack(session, heldName, { dirfd, name });
    throw inTheWay(name);
  }
  return false;
}

function giveBack(session: Session, heldName: Buffer, { dirfd, name }: Omit<Standing, "here">): void {
  try {
    renameat2(session.heldDirectory, heldName, dirfd, name, RENAME_NOREPLACE);
  } catch {
    holdStranger(session, session.heldDirectory, heldName, name);
  }
}

/** Takes away a name, unless it stands for something else by now than what is known. */
export function dropName(session: Session, at: Standing, heldName: Buffer): boolean {
  const gone = Buffer.concat([heldName, Buffer.from(".gone")]);
  if (!takeName(session, at, { heldName: gone, keepsName: false })) return false;
  unlinkat(session.heldDirectory, gone);
  return true;
}
