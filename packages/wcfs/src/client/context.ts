import { BelayError, errnoName, toError, userError } from "@belay/supervise";

/** An error with what was being done before its message. */
export function inContext(context: string, error: unknown): BelayError {
  const cause = toError(error);
  const code = cause instanceof BelayError ? cause.code : (errnoName(cause) ?? "EWCFS");
  return userError(code, `${context}: ${cause.message}`, {
    cause,
    hint: cause instanceof BelayError ? cause.hint : undefined,
  });
}

/** What is asked of something that has been closed. */
export function closedError(message: string): BelayError {
  return userError("ECLOSED", message);
}
