import { BelayError, errnoName, isUserError, toError } from "./belay-error.ts";

/** Exit codes of one command, by error code; the command names what differs from the defaults. */
export interface ExitCodes {
  /** A user error whose code is not named below. Default 1. */
  readonly user?: number;
  /** A bug. Default 70 (EX_SOFTWARE of sysexits.h). */
  readonly bug?: number;
  /** Exit codes of single error codes. `EUSAGE` is 2 and `ECANCELED` 130 unless given. */
  readonly byCode?: Readonly<Record<string, number>>;
}

/** One error, ready for each way of leaving the program. */
export interface RenderedError {
  /** For stderr: `PROGRAM: MESSAGE` and a hint line, or the stack of a bug. No newline at the end. */
  readonly text: string;
  /** `{"error":{"code":…,"message":…,"hint":…}}`; the hint is left out when there is none. */
  readonly json: string;
  readonly exitCode: number;
}

const exitCodesOfAll: Readonly<Record<string, number>> = { EUSAGE: 2, ECANCELED: 130 };

/** The one place where an error becomes text, JSON and an exit code. */
export function renderError(error: unknown, options: { program?: string; exitCodes?: ExitCodes } = {}): RenderedError {
  const prefix = options.program === undefined ? "" : `${options.program}: `;
  const code = errorCode(error);
  const hint = error instanceof BelayError ? error.hint : undefined;
  return {
    text: prefix + (isUserError(error) ? userText(toError(error), hint) : bugText(error, hint)),
    json: JSON.stringify({ error: { code, message: toError(error).message, ...(hint === undefined ? {} : { hint }) } }),
    exitCode: exitCode(error, code, options.exitCodes ?? {}),
  };
}

function errorCode(error: unknown): string {
  return error instanceof BelayError ? error.code : (errnoName(error) ?? "EBUG");
}

function exitCode(error: unknown, code: string, codes: ExitCodes): number {
  const named = codes.byCode?.[code] ?? ownExitCode(error) ?? exitCodesOfAll[code];
  return named ?? (isUserError(error) ? (codes.user ?? 1) : (codes.bug ?? 70));
}

// An interruption knows its own: 128 + the number of the signal.
function ownExitCode(error: unknown): number | undefined {
  const code = error instanceof BelayError ? error.facts["exitCode"] : undefined;
  return typeof code === "number" ? code : undefined;
}

function userText(error: Error, hint: string | undefined): string {
  return withCauses(error) + hintText(hint);
}

// The causes of a user error are part of its one line, unless the message already quotes them.
function withCauses({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return message;
  const causes = withCauses(cause);
  return message.includes(causes) ? message : `${message}: ${causes}`;
}

function bugText(error: unknown, hint: string | undefined): string {
  const { stack, message, cause } = toError(error);
  const text = stack ?? message;
  return text + (cause === undefined ? "" : `\n  caused by: ${bugText(cause, undefined)}`) + hintText(hint);
}

function hintText(hint: string | undefined): string {
  return hint === undefined ? "" : `\n  hint: ${hint}`;
}
