import { BelayError, BugError } from "@belay/supervise";
import type { Oid, Tid } from "@belay/zodb";

/** An id as everything prints it: 16 hex digits. */
export function hex(id: Oid | Tid): string {
  return id.toString(16).padStart(16, "0");
}

/** The database contradicts itself. */
export function corrupt(message: string): BelayError {
  return new BelayError("ECORRUPT", message, {
    hint: "the database is damaged there: check it, or restore the objects named",
  });
}

/** A moment outside of what the history knows. */
export function outsideHistory(at: Tid, tail: Tid, head: Tid): BelayError {
  return new BelayError("EHISTORY", `${hex(at)} is outside the known history, ${hex(tail)} to ${hex(head)}`);
}

/** A question about a file nobody has read. */
export function untracked(file: Oid): BelayError {
  return new BelayError("EUNTRACKED", `nothing of file ${hex(file)} is tracked`);
}

/** A broken assumption of the history itself, or of its caller. */
export function bug(message: string): BugError {
  return new BugError(`file history: ${message}`);
}
