import { existsSync } from "node:fs";
import { join } from "node:path";
import { BelayError, hasCode, takeFileLock, type FileLock } from "@belay/supervise";
import { recordPath, type KnownSession } from "./known-session.ts";

/** The file that is locked. */
export const lockPath = ({ folder }: Pick<KnownSession, "folder">): string => join(folder, "command.lock");

/**
 * Has starting, stopping and deleting of a session come one after the other. The lock goes with the process, however it ends; that of a start that
 * is killed with the monitor, or when others can see that.
 *
 * @throws BelayError `ENOSESSION` when it was deleted meanwhile; the signal's reason
 */
export async function lockSession(known: KnownSession, signal?: AbortSignal): Promise<FileLock> {
  try {
    const lock = await takeFileLock(lockPath(known), { wait: true, signal });
    if (existsSync(recordPath(known))) return lock;
    lock[Symbol.dispose]();
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  throw new BelayError("ENOSESSION", `the session ${known.name} was deleted just now`, {
    hint: "belay georep list shows what there is",
  });
}
