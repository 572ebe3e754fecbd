import { DemoStorage } from "../demo/demo-storage.ts";
import { ZodbError } from "../errors/zodb-error.ts";
import { openFileStorage, type FileStorageOptions } from "../filestorage/index.ts";
import { openMemoryStorage } from "../memory/memory-storage.ts";
import type { Storage } from "../storage.ts";
import { parseFlag } from "./flags.ts";
import { formatZurl, parseZurl, type Zurl } from "./parse.ts";
import { readZconfigDatabase } from "./zconfig-database.ts";

/** How to open a database, whatever its kind. */
export type OpenStorageOptions = FileStorageOptions;

/** Options that change where the data goes: they must not be passed over. */
const REFUSED = ["demostorage", "quota"];

/**
 * Opens the database a zurl names: read-only unless `readOnly` is false.
 *
 * What the zurl itself says stands: with `read_only=1` the database is not opened for writing. Options of the ZODB above the
 * storage (caches, pools, names) mean nothing here and are passed over.
 *
 * @throws ZodbError `EUNSUPPORTED` (unknown scheme, or a kind of storage that is not there yet), `EFORMAT`, and what opening the storage
 *   throws
 */
export async function openStorage(zurl: string, options: OpenStorageOptions = {}): Promise<Storage> {
  return open(parseZurl(zurl), options);
}

async function open(zurl: Zurl, options: OpenStorageOptions): Promise<Storage> {
  switch (zurl.kind) {
    case "file":
      return openFileStorage(zurl.path, { ...options, ...fileOptions(zurl.options, options) });
    case "zconfig":
      return open(readZconfigDatabase(zurl.path, zurl.database), options);
    case "demo":
      return openDemo(zurl, options);
    case "memory":
      return openMemoryStorage(zurl.name, { readOnly: options.readOnly ?? true });
    default:
      throw new ZodbError("EUNSUPPORTED", `${formatZurl(zurl)}: ${zurl.kind} databases are not supported yet`, {
        hint: "supported are file://, zconfig:// with a <filestorage>, demo: and memory://",
      });
  }
}

/** Only the changes are written, and made if they are not there. */
async function openDemo(zurl: Zurl & { kind: "demo" }, options: OpenStorageOptions): Promise<Storage> {
  const base = await open(zurl.base, { ...options, readOnly: true, create: false });
  try {
    const readOnly = options.readOnly ?? true;
    return new DemoStorage(base, await open(zurl.delta, { ...options, readOnly, create: !readOnly }));
  } catch (error) {
    await base[Symbol.asyncDispose]();
    throw error;
  }
}

function fileOptions(given: readonly (readonly [string, string])[], options: OpenStorageOptions): FileStorageOptions {
  const refused = given.find(([name]) => REFUSED.includes(name));
  if (refused !== undefined)
    throw new ZodbError("EUNSUPPORTED", `option ${refused[0]} of a file zurl is not supported`);
  const flag = (name: string) => given.some(([key, value]) => key === name && parseFlag(name, value));
  const readOnly = flag("read_only");
  return {
    readOnly: (options.readOnly ?? true) || readOnly,
    // Elsewhere this option empties the file; here a database is never emptied by opening it.
    create: (options.create ?? false) || flag("create"),
  };
}
