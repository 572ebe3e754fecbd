import { fileURLToPath } from "node:url";
import type { Storage } from "@belay/zodb";
import { openFileStorage } from "@belay/zodb";

/** Opens the database for reading. @param zurl a URL, or the path of a FileStorage */
export function openDatabase(zurl: string): Promise<Storage> {
  return openFileStorage(zurl.startsWith("file://") ? fileURLToPath(zurl) : zurl, { readOnly: true });
}
