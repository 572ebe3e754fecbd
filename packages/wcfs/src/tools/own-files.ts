import { statSync } from "node:fs";
import { databaseFiles } from "@belay/zodb";
import { userError } from "@belay/supervise";

/**
 * Refuses to copy between a database and itself, under whatever name: written to, it would be lost; read from, it would grow for ever.
 *
 * @param path  of what is read or written beside the database
 * @throws BelayError `EUSAGE`
 */
export function refuseOwnFiles(zurl: string, path: string): void {
  const other = identityOf(path);
  if (other === undefined || !databaseFiles(zurl).some((file) => identityOf(file) === other)) return;
  throw userError("EUSAGE", `${path} is part of the database ${zurl} itself`, { hint: "name another file" });
}

function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
