import { BelayError } from "@belay/supervise";

/**
 * What can go wrong with a database.
 *
 * | code | meaning |
 * |---|---|
 * | `EPOSKEY` | no such object, or it does not exist at that moment |
 * | `ECONFLICT` | somebody else changed the object first: the transaction may be tried again |
 * | `EREADCONFLICT` | an object the transaction relies on was changed, or was packed away: it may be tried again |
 * | `EREADONLY` | the storage was opened for reading only |
 * | `EDAMAGED` | stored bytes do not make sense |
 * | `EFORMAT` | text or a file is not of the expected format |
 * | `ELOCKED` | another process has the database open for writing |
 * | `EUNSUPPORTED` | sound, but something this reader does not handle |
 * | `ESTATE` | called at the wrong moment (a transaction that has ended, a storage that is closed) |
 */
export type ZodbErrorCode =
  | "EPOSKEY"
  | "ECONFLICT"
  | "EREADCONFLICT"
  | "EREADONLY"
  | "EDAMAGED"
  | "EFORMAT"
  | "ELOCKED"
  | "EUNSUPPORTED"
  | "ESTATE";

/** An error of a database, by its stable `code`. */
export class ZodbError extends BelayError {
  declare readonly code: ZodbErrorCode;

  constructor(code: ZodbErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
    this.name = "ZodbError";
  }
}

/** Whether an error is a ZodbError, of the given code if one is given. */
export function isZodbError(error: unknown, code?: ZodbErrorCode): error is ZodbError {
  return error instanceof ZodbError && (code === undefined || error.code === code);
}

/** Whether the transaction may succeed when it is done again on a newer view. */
export function isRetryable(error: unknown): boolean {
  return isZodbError(error, "ECONFLICT") || isZodbError(error, "EREADCONFLICT");
}
