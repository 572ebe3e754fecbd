import { linkat, renameat2 } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import type { Place } from "./batch.ts";
import { tryUnlink } from "./new-file.ts";
import type { Session } from "./session.ts";

/** Has a name that stands for another file stand for this one; there is no moment in which it stands for nothing. */
export function linkOver(
  { heldDirectory }: Session,
  id: FileId,
  from: Place,
  to: { readonly dirfd: number; readonly name: Buffer },
): void {
  const temporary = Buffer.from(`${id.toString("hex")}.t`);
  linkat(from.dirfd, from.name, heldDirectory, temporary);
  try {
    renameat2(heldDirectory, temporary, to.dirfd, to.name);
  } catch (error) {
    tryUnlink(heldDirectory, temporary); // in the way of the next attempt
    throw error;
  }
}
