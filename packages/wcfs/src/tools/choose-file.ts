import { formatOid, type Oid, type Tid } from "@belay/zodb";
import { userError } from "@belay/supervise";
import type { Database } from "../files/database.ts";
import { givenOid } from "./given-ids.ts";
import { listBigFiles } from "./list-files.ts";
import { rootEntries } from "./root-entries.ts";

/** How a command names a big file. */
export interface FileChoice {
  /** 16 hexadecimal digits. */
  readonly oid?: string;
  /** Key in the root object. */
  readonly name?: string;
}

/**
 * The big file that is meant: by oid, by name, or the only one there is.
 *
 * @throws BelayError `ENOFILE`: there is no such one; `EAMBIGUOUS`: there are several and none is named; `EUSAGE`
 */
export function chooseFile(database: Database, at: Tid, choice: FileChoice): Oid {
  if (choice.oid !== undefined && choice.name !== undefined)
    throw userError("EUSAGE", "give --oid or --name, not both");
  const oid = choice.oid === undefined ? oidByName(database, at, choice.name) : givenOid(choice.oid);
  if (database.at(at).file(oid) === undefined) throw noFile(`object ${formatOid(oid)} is no big file`);
  return oid;
}

function oidByName(database: Database, at: Tid, name: string | undefined): Oid {
  if (name === undefined) return theOnlyOne(database, at);
  const oid = rootEntries(database.at(at)).get(name);
  if (oid === undefined) throw noFile(`the root object has no key "${name}"`);
  return oid;
}

function theOnlyOne(database: Database, at: Tid): Oid {
  const [first, second] = listBigFiles(database, at);
  if (first === undefined) throw noFile("the database has no big file");
  if (second === undefined) return first.oid;
  throw userError("EAMBIGUOUS", "the database has several big files", {
    hint: "choose one with --name or --oid; belay wcfs ls lists them",
  });
}

function noFile(message: string): Error {
  return userError("ENOFILE", message, { hint: "belay wcfs ls lists the big files" });
}
