import { linkat } from "@belay/linux";

import type { FileId } from "../ids/file-id.ts";
import type { Place } from "./batch.ts";
import { tryUnlink } from "./new-file.ts";
import { putOver } from "./put-over.ts";
import type { Standing } from "./take-name.ts";
import type { Session } from "./session.ts";

/** Has a name that stands for another file stand for this one; there is no moment in which it stands for nothing. */
export function linkOver(session: Session, id: FileId, from: Place, to: Standing): void {
  const { heldDirectory } = session;
  const temporary = Buffer.from(`${id.toString("hex")}.t`);
  linkat(from.dirfd, from.name, heldDirectory, temporary);
  try {
    putOver(session, temporary, to);
  } catch (error) {
    tryUnlink(heldDirectory, temporary); // in the way of the next attempt
    throw error;
  }
}
