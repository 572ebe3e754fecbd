import { openStorage, type Tid } from "@belay/zodb";
import { Database } from "../files/database.ts";
import { givenTid } from "../tools/given-ids.ts";

/** Opens a database for reading, for as long as the work takes. */
export async function withDatabase(zurl: string, work: (database: Database) => Promise<void> | void): Promise<void> {
  await using storage = await openStorage(zurl);
  await work(new Database(storage));
}

/** The moment a command is about: the tid given, or the newest. */
export function momentOf(database: Database, at: string | undefined): Tid {
  return at === undefined ? database.storage.lastTid() : givenTid(at);
}
