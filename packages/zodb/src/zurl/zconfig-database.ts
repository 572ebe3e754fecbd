import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ZodbError } from "../errors/zodb-error.ts";
import type { Zurl } from "./parse.ts";
import { parseFlag } from "./flags.ts";
import { parseZconfigText, type ConfigSection } from "./zconfig.ts";

/** Sections that name a storage we know of but do not open from a configuration. */
const OTHER_STORAGES = new Set([
  "zeoclient",
  "neostorage",
  "relstorage",
  "demostorage",
  "mappingstorage",
  "zlibstorage",
]);

/**
 * The database that a ZConfig file describes in `<zodb NAME> <filestorage> … </filestorage> </zodb>`.
 *
 * @param database  its name; undefined: the first
 * @throws ZodbError `EFORMAT`, `EUNSUPPORTED` (another storage than filestorage); errors of reading the file
 */
export function readZconfigDatabase(path: string, database: string | undefined): Zurl {
  const databases = parseZconfigText(path, readFileSync(path, "utf8")).sections.filter(({ type }) => type === "zodb");
  const found = databases.find(({ name }) => database === undefined || name === database.toLowerCase());
  if (found === undefined) {
    const names = databases.map(({ name }) => name ?? "(unnamed)").join(", ");
    throw new ZodbError("EFORMAT", `${path} has no database ${database ?? ""}`.trimEnd(), {
      hint: `it has: ${names === "" ? "none" : names}`,
    });
  }
  const storage = found.sections[0];
  if (storage?.type === "filestorage") return fileStorage(path, storage);
  if (storage !== undefined && OTHER_STORAGES.has(storage.type)) {
    throw new ZodbError("EUNSUPPORTED", `${path}: <${storage.type}> is not supported yet`, {
      hint: "only <filestorage> is",
    });
  }
  throw new ZodbError("EFORMAT", `${path}: <zodb> without a storage`);
}

function fileStorage(path: string, section: ConfigSection): Zurl {
  const file = section.keys.get("path");
  if (file === undefined) throw new ZodbError("EFORMAT", `${path}: <filestorage> without a path`);
  const readOnly = section.keys.get("read-only") ?? "false";
  const options: [string, string][] = parseFlag("read-only", readOnly) ? [["read_only", "1"]] : [];
  return { kind: "file", path: resolve(dirname(path), file), options };
}
