import { BelayError, errnoName, hasCode, isUserError } from "@belay/supervise";

import { databaseErrno } from "../database/database-errno.ts";

/** Why a worker ended, for programs. */
export const faultReasons = [
  /** The connection to the receiving end broke. */
  "connection",
  /** No connection to its machine: the name, the network, or nobody listens. */
  "unreachable",
  /** Its machine is not known, or another one than before. */
  "host-key",
  /** Its machine does not let us in. */
  "permission",
  /** The program that carries content ended with an error of its own. */
  "engine",
  /** The program is not there on its machine. */
  "no-program",
  /** Its machine does not allow what we asked for. */
  "refused",
  /** The receiving end did not start, or said no. */
  "secondary",
  /** The source is not there or cannot be watched. */
  "source",
  /** What it keeps here itself cannot be written: the disk of `working-dir`. */
  "state",
  /** Nobody watches the source. */
  "agent",
  /** Another process replicates the same. */
  "locked",
  /** It was not connected in time. */
  "timeout",
  /** A signal ended it. */
  "killed",
  /** It was called or configured wrongly: starting it again would not help. */
  "inconsistent",
  "internal",
] as const;

export type FaultReason = (typeof faultReasons)[number];

/** Why a worker ended, for people and programs. */
export interface Fault {
  readonly reason: FaultReason;
  /** Of the error: an errno name or a code of ours. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** An error that says itself what kind of fault it is. */
export function faultError({ reason, code, message, hint }: Fault, cause?: unknown): BelayError {
  return new BelayError(code, message, { hint, reason, cause });
}

/** What an error comes to that ended a worker. */
export function faultOf(error: Error): Fault {
  const errno = databaseErrno(error);
  const code = errno ?? ("code" in error && typeof error.code === "string" ? error.code : "EBUG");
  const hint = error instanceof BelayError ? error.hint : undefined;
  if (errno !== undefined) return { reason: "state", code, message: `${errno}: ${error.message}`, hint: stateHint };
  const message = isUserError(error) ? error.message : (error.stack ?? error.message);
  return { reason: reasonOf(error), code, message, hint };
}

const stateHint = "see the disk of working-dir: cursor and queue are there";

function reasonOf(error: Error): FaultReason {
  const said: unknown = "reason" in error ? error.reason : undefined;
  const known = faultReasons.find((reason) => reason === said);
  if (known !== undefined) return known;
  if (hasCode(error, "ECONNLOST", "EPIPE", "EPROTO", "ECONNRESET")) return "connection";
  if (hasCode(error, "ELOCKED")) return "locked";
  if (hasCode(error, "EAGENT", "EDAEMON")) return "agent";
  if (hasCode(error, "ESOURCE", "EROOTCHANGED", "EROOTEMPTY")) return "source";
  return errnoName(error) === undefined ? "internal" : "source";
}
