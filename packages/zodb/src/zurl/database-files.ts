import { resolve } from "node:path";
import { lockPath } from "../filestorage/lock.ts";
import { indexPath } from "../filestorage/index-file.ts";
import { parseZurl, type Zurl } from "./parse.ts";
import { readZconfigDatabase } from "./zconfig-database.ts";

/**
 * The files that make up a database, of a demo: both of its halves; whether they are there or not. None for one that is no file.
 *
 * @throws ZodbError as reading the zurl does
 */
export function databaseFiles(zurl: string): string[] {
  return filesOf(parseZurl(zurl));
}

function filesOf(zurl: Zurl): string[] {
  switch (zurl.kind) {
    case "file": {
      const path = resolve(zurl.path);
      return [path, lockPath(path), indexPath(path), `${path}.tmp`];
    }
    case "zconfig":
      return filesOf(readZconfigDatabase(zurl.path, zurl.database));
    case "demo":
      return [...filesOf(zurl.base), ...filesOf(zurl.delta)];
    default:
      return [];
  }
}
