import { dirname } from "node:path";
import { BelayError, errnoName, hasCode, toError } from "@belay/supervise";
import { databaseErrno } from "../database/database-errno.ts";

/**
 * Does what writes files of a session.
 *
 * @param path  file or folder below the one where sessions are
 * @throws BelayError `ESTATE` where the system lets nobody write: no room, no right, no such place
 */
export async function intoState<T>(path: string, write: () => T | Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const isOfSystem = errnoName(error) !== undefined || databaseErrno(toError(error)) !== undefined;
    if (!isOfSystem && !hasCode(error, "ENOTDIR")) throw error;
    throw new BelayError("ESTATE", `nothing can be written in ${dirname(path)}: ${toError(error).message}`, {
      hint: "belay keeps its sessions there: make room and give rights, or name another directory in BELAY_GEOREP_DIR",
      cause: error,
    });
  }
}
