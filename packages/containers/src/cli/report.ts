import { BelayError, renderError } from "@belay/supervise";
import { Mistake } from "../errors/mistake.ts";
import { writeOut } from "./talk.ts";

/**
 * Prints an error on stderr, as JSON on stdout if asked, and answers the exit status: the one place where that is decided.
 *
 * @param missing status for an option that is needed and was not given; the Python script has 1 for it
 */
export function report(error: unknown, program: string, json = false, missing?: number): number {
  const status = signalStatus(error);
  const byCode = missing === undefined ? {} : { EMISSING: missing };
  const rendered = renderError(userFacing(error), { program, exitCodes: { user: 1, bug: 1, byCode } });
  if (json) writeOut(`${rendered.json}\n`);
  process.stderr.write(`${rendered.text}\n`);
  return status ?? rendered.exitCode;
}

// An interruption carries the status a shell would see.
function signalStatus(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("exitCode" in error)) return undefined;
  return typeof error.exitCode === "number" ? error.exitCode : undefined;
}

function userFacing(error: unknown): unknown {
  return error instanceof Mistake ? new BelayError(error.code, error.message, { hint: error.hint }) : error;
}
