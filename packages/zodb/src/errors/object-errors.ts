import { formatOid } from "../ids/oid.ts";
import type { Oid } from "../ids/oid.ts";
import { formatTid } from "../ids/tid.ts";
import type { Tid } from "../ids/tid.ts";
import { ZodbError } from "./zodb-error.ts";

/** The object is unknown, or was deleted, or never existed, as of the moment asked for. */
export function noSuchObject(oid: Oid, moment?: { before: Tid } | { serial: Tid }): ZodbError {
  return new ZodbError("EPOSKEY", `no object ${formatOid(oid)}${describeMoment(moment)}`);
}

function describeMoment(moment: { before: Tid } | { serial: Tid } | undefined): string {
  if (moment === undefined) return "";
  return "before" in moment ? ` before ${formatTid(moment.before)}` : ` of transaction ${formatTid(moment.serial)}`;
}

/** An object was changed by another transaction since it was read. Carries what a resolution needs. */
export class ConflictError extends ZodbError {
  readonly oid: Oid;
  /** The serial the store was based on. */
  readonly tried: Tid;
  /** The serial the database has now. */
  readonly current: Tid;

  constructor(code: "ECONFLICT" | "EREADCONFLICT", oid: Oid, tried: Tid, current: Tid) {
    const what = code === "ECONFLICT" ? "write conflict" : "read conflict";
    super(code, `${what} on object ${formatOid(oid)}: read at ${formatTid(tried)}, now at ${formatTid(current)}`, {
      hint: "do the transaction again on the newest data",
    });
    this.name = "ConflictError";
    this.oid = oid;
    this.tried = tried;
    this.current = current;
  }
}

/** A store found a revision newer than the one it was based on. */
export function writeConflict(oid: Oid, tried: Tid, current: Tid): ConflictError {
  return new ConflictError("ECONFLICT", oid, tried, current);
}

/** An object that the transaction only read has changed. */
export function readConflict(oid: Oid, tried: Tid, current: Tid): ConflictError {
  return new ConflictError("EREADCONFLICT", oid, tried, current);
}
