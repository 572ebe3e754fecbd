import { dirname } from "node:path";

import { BelayError, hasCode, takePidLock, type Ledger } from "@belay/supervise";

import { makeDirectory } from "../../tree/make-directory.ts";

/**
 * Holds the pid file of a role.
 *
 * @param path  undefined or empty: there is none to hold
 * @throws BelayError `EPIDFILE` when another process holds it
 */
export async function holdPidFile(ledger: Ledger, path: string | undefined): Promise<AsyncDisposable> {
  if (path === undefined || path === "") return { [Symbol.asyncDispose]: () => Promise.resolve() };
  makeDirectory(dirname(path));
  try {
    return await takePidLock(ledger, path);
  } catch (error) {
    if (!(error instanceof BelayError) || !hasCode(error, "ELOCKED")) throw error;
    throw new BelayError("EPIDFILE", error.message, { hint: error.hint, cause: error });
  }
}
