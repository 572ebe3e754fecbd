import { closeDirectories, startBatch, type Batch } from "./batch.ts";
import { giveBackModes } from "./directory-modes.ts";
import type { Session } from "./session.ts";

/** Looks at the destination while no batch is under way; what is opened for that is let go of again, and nothing is begun by it. */
export function lookOnly<T>(session: Session, look: (batch: Batch) => T): T {
  const batch = startBatch(session);
  try {
    return look(batch);
  } finally {
    giveBackModes(batch);
    closeDirectories(batch);
    session.map.commit();
    session.work.end();
  }
}
