/** What a BelayError carries besides its code and message; every other property is copied onto the error itself. */
export interface BelayErrorOptions {
  /** One line that says what the user can do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Facts about the failure (`pid`, `path`, `timedOut`); they become properties of the error and of its JSON form. */
  readonly [fact: string]: unknown;
}

// The executable has these classes once in each of its parts: what is thrown in one and caught in another is told by these marks.
const belayMark = Symbol.for("belay.error");
const bugMark = Symbol.for("belay.error.bug");

/**
 * The error everything above `@belay/linux` throws: a stable code for programs, a message that names the thing for people.
 *
 * A BelayError is a *user error*: something outside the program is not as it has to be. It is shown as one line and a
 * hint, without a stack. What can only come from a mistake in the program itself is a {@link BugError}.
 */
export class BelayError extends Error {
  readonly [belayMark] = true;
  /** Stable, upper case: an errno name where one fits (`ETIMEDOUT`), our own otherwise (`ELOCKED`). */
  readonly code: string;
  readonly hint: string | undefined;
  /** The facts of the options, for printers; each is also a property of the error. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: BelayErrorOptions = {}) {
    const { hint, cause, ...facts } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.name = "BelayError";
    this.code = code;
    this.hint = hint;
    this.facts = facts;
    Object.assign(this, facts);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === BelayError ? bears(value, belayMark) : isMadeBy(this, value);
  }
}

/** A broken assumption of the program; shown with its stack. */
export class BugError extends BelayError {
  readonly [bugMark] = true;

  constructor(message: string, options: BelayErrorOptions = {}) {
    super("EBUG", message, {
      hint: "this is a mistake in the program: please report it with the text above",
      ...options,
    });
    this.name = "BugError";
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === BugError ? bears(value, bugMark) : isMadeBy(this, value);
  }
}

function bears(value: unknown, mark: symbol): boolean {
  return value instanceof Error && mark in value;
}

function isMadeBy(type: abstract new (...args: never[]) => unknown, value: unknown): boolean {
  return Function.prototype[Symbol.hasInstance].call(type, value);
}

/**
 * Short form for the most frequent case.
 *
 * @returns the error, to be thrown by the caller: `throw userError("ENOMOUNT", …)`
 */
export function userError(code: string, message: string, options?: BelayErrorOptions): BelayError {
  return new BelayError(code, message, options);
}

/** Tells whether the error is to be shown without a stack: ours, or an errno that the system gave. */
export function isUserError(error: unknown): boolean {
  if (error instanceof BugError) return false;
  return error instanceof BelayError || errnoName(error) !== undefined;
}

/** The errno name of a system error of Node or of `@belay/linux`; undefined for every other value. */
export function errnoName(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Tells whether the error has one of the codes: errno names and codes of BelayError alike. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code);
}

/** Any thrown value as an Error. */
export function toError(value: unknown): Error {
  return value instanceof Error ? value : new BugError(`a ${typeof value} was thrown: ${String(value)}`);
}
