import { ZodbError } from "../errors/zodb-error.ts";

/** The file's bytes at an offset do not make sense. */
export function damaged(path: string, offset: number, what: string, cause?: unknown): ZodbError {
  return new ZodbError("EDAMAGED", `${path}: ${what} at offset ${offset}`, {
    hint: "restore the file from a backup, or run `belay zodb check` to see all that is wrong with it",
    ...(cause === undefined ? {} : { cause }),
  });
}
