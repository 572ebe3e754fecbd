import { BelayError, BugError } from "@belay/supervise";
import { formatOid, formatTid } from "@belay/zodb";
import type { Oid, Tid } from "@belay/zodb";

/** The database contradicts itself. */
export function corrupt(message: string): BelayError {
  return new BelayError("ECORRUPT", message, {
    hint: "the database is damaged there: check it, or restore the objects named",
  });
}

/** A moment outside of what the history knows. */
export function outsideHistory(at: Tid, tail: Tid, head: Tid): BelayError {
  return new BelayError(
    "EHISTORY",
    `${formatTid(at)} is outside the known history, ${formatTid(tail)} to ${formatTid(head)}`,
  );
}

/** A question about a file nobody has read. */
export function untracked(file: Oid): BelayError {
  return new BelayError("EUNTRACKED", `nothing of file ${formatOid(file)} is tracked`);
}

/** A broken assumption of the history itself, or of its caller. */
export function bug(message: string): BugError {
  return new BugError(`file history: ${message}`);
}
