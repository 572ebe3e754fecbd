import { basename } from "node:path";
import { BelayError } from "../errors/belay-error.ts";
import type { ExitStatus } from "./types.ts";

/** Why we ended a process, if we did. */
export interface EndReasons {
  /** Ran longer than `timeoutMs`. */
  readonly timedOut: boolean;
  /** Its `signal` was aborted. */
  readonly isCanceled: boolean;
}

/**
 * A program did not do its work. The message ends with the last lines of its stderr.
 *
 * Codes: `EPROCESS` (exit code), `ESIGNALED`, `ETIMEDOUT`, `ECANCELED`, or the errno of a start that failed (`ENOENT`).
 */
export class ProcessError extends BelayError {
  declare readonly argv: readonly string[];
  declare readonly exitCode: number | undefined;
  declare readonly signal: NodeJS.Signals | undefined;
  declare readonly timedOut: boolean;
  declare readonly isCanceled: boolean;
  /** Ended by a signal, whoever sent it. */
  declare readonly isTerminated: boolean;
  /** The last MiB. */
  declare readonly stderr: Buffer;
}

/** The error of a program that ended otherwise than it should. */
export function processEnded(
  argv: readonly string[],
  status: ExitStatus,
  why: EndReasons,
  stderr: Buffer,
  cause?: unknown,
): ProcessError {
  const code = why.timedOut ? "ETIMEDOUT" : why.isCanceled ? "ECANCELED" : status.signal ? "ESIGNALED" : "EPROCESS";
  const facts = { argv, signal: status.signal, isTerminated: status.signal !== undefined, stderr, ...why };
  const error = new ProcessError(code, `${programName(argv)}: ${endText(status, why)}${quoteTail(stderr)}`, {
    ...facts,
    cause,
  });
  // Not among the facts: there it would become the exit code of our own command.
  Object.defineProperty(error, "exitCode", { value: status.code, enumerable: true });
  return error;
}

/** The error of a program that could not be started at all. */
export function processNotStarted(
  argv: readonly string[],
  cause: NodeJS.ErrnoException,
  cwd: string | undefined,
): ProcessError {
  const code = cause.code ?? "EPROCESS";
  const where = cwd === undefined ? "" : ` (in ${cwd})`;
  return new ProcessError(code, `cannot start ${argv[0] ?? ""}${where}: ${code}`, {
    ...(code === "ENOENT" ? { hint: `install the program, or check $PATH` } : {}),
    argv,
    timedOut: false,
    isCanceled: false,
    isTerminated: false,
    stderr: Buffer.alloc(0),
    cause,
  });
}

/** Name of a program for messages. */
export function programName(argv: readonly string[]): string {
  return basename(argv[0] ?? "");
}

/** How it ended, in words: `exited with 3`, `killed by SIGSEGV`. */
export function endText(status: ExitStatus, why: EndReasons = { timedOut: false, isCanceled: false }): string {
  const how = status.signal === undefined ? `exited with ${status.code ?? "?"}` : `killed by ${status.signal}`;
  if (why.timedOut) return `took too long and was stopped (${how})`;
  return why.isCanceled ? `was canceled (${how})` : how;
}

const quotedLines = 10;
const quotedBytes = 2000;

// The end of stderr says why, as a rule; a user wants lines, not a MiB.
function quoteTail(stderr: Buffer): string {
  const text = stderr
    .subarray(Math.max(0, stderr.length - quotedBytes))
    .toString("utf8")
    .trim();
  if (text === "") return "";
  const lines = text.split("\n").slice(-quotedLines);
  return `: ${lines.join("\n  ")}`;
}
