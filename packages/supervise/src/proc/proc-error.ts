import { BelayError, hasCode, toError } from "../errors/belay-error.ts";
import { isAlive, type ProcessIdentity } from "../process/identity.ts";

/** We may not read something of a process; code `EACCES`. */
export class ProcPermissionDenied extends BelayError {}

/** The process ended while we looked; code `ESRCH`. */
export class ProcGone extends BelayError {}

export function isDenied(error: unknown): boolean {
  return error instanceof ProcPermissionDenied;
}

export function isGone(error: unknown): boolean {
  return error instanceof ProcGone;
}

/**
 * What an error of reading `/proc/PID/PROP` means.
 *
 * @param who  `pidN` or `tidN`
 */
export function procError(error: unknown, identity: ProcessIdentity, who: string, property: string): Error {
  const { pid } = identity;
  if (hasCode(error, "EACCES", "EPERM")) {
    return new ProcPermissionDenied("EACCES", `${who}.${property}: permission denied`, { pid, cause: error });
  }
  // A zombie still has its directory, but no links in it any more.
  if (hasCode(error, "ESRCH") || (hasCode(error, "ENOENT") && !isAlive(identity))) {
    return new ProcGone("ESRCH", `${who}: process disappeared`, { pid, cause: error });
  }
  return toError(error);
}

/** An error as it stands in place of what could not be read: `(TEXT)`. */
export function errorText(error: unknown): string {
  return `(${toError(error).message})`;
}
