import { closeDirectories, startBatch, type Batch } from "./batch.ts";
import { giveBackModes } from "./directory-modes.ts";
import type { Need } from "./own-access.ts";
import type { Session } from "./session.ts";

/** Works at the destination while no batch is under way; what is opened for that is let go of again, and nothing is begun by it. */
export function betweenBatches<T>(session: Session, action: (batch: Batch) => T, need: Need = "all"): T {
  const batch = startBatch(session, need);
  try {
    return action(batch);
  } finally {
    giveBackModes(batch);
    closeDirectories(batch);
    session.map.commit();
    session.work.end();
  }
}

/** As {@link betweenBatches}, and changes nothing. */
export const lookOnly = <T>(session: Session, look: (batch: Batch) => T): T => betweenBatches(session, look, "to look");
