import { join } from "node:path";

import { BelayError, takeFileLock, type FileLock } from "@belay/supervise";

import { makeDirectory } from "../../tree/make-directory.ts";

/** Time for the worker before this one to let go of the source, in milliseconds. */
const patienceMs = 5000;

/**
 * Keeps other workers away from a source. The lock goes with the process, however it ends.
 *
 * @param working  the source's working folder; made if it is absent
 * @throws BelayError `ELOCKED` when another worker does not let go of it in time; the signal's reason
 */
export async function holdSource(working: string, signal: AbortSignal): Promise<FileLock> {
  makeDirectory(working, 0o700);
  const late = AbortSignal.timeout(patienceMs);
  try {
    return await takeFileLock(join(working, "worker.lock"), { wait: true, signal: AbortSignal.any([signal, late]) });
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    throw new BelayError("ELOCKED", `another worker replicates this source (${working})`, {
      hint: "stop the other session, or give this one another working-dir",
      cause: error,
    });
  }
}
