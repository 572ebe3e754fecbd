/**
 * Something of the user's that is not as it has to be: a code, one line, what to do about it.
 *
 * It becomes a BelayError when it is told. An error of its own, as the way to an up-to-date image loads nothing it does not need, the error
 * classes of the supervisor included.
 */
export class Mistake extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Mistake";
    this.code = code;
    this.hint = hint;
  }
}
