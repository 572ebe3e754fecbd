import { openSync, statSync } from "node:fs";
import { ZodbError } from "../errors/zodb-error.ts";

/**
 * open(2) of a database's file, which is never waited for: a named pipe in its place would have nobody at the other end.
 *
 * @throws ZodbError `EFORMAT` for a directory, a pipe, a device; errors of open(2)
 */
export function openRegular(path: string, flags: "r" | "r+"): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return openSync(path, flags);
  throw new ZodbError(
    "EFORMAT",
    `${path} is ${found.isDirectory() ? "a directory" : "no regular file"}, not a FileStorage database`,
    {
      hint: "name the data file itself, usually Data.fs",
    },
  );
}
