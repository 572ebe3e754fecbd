import type { DatabaseSync } from "node:sqlite";

import type { FileId } from "../ids/file-id.ts";

export const owedSchema = `CREATE TABLE IF NOT EXISTS owed (directory BLOB PRIMARY KEY) WITHOUT ROWID;`;

/**
 * Directories that have to be compared should the end of a batch never be recorded: see `Batch.owed`. Noted before it is finished, as whoever does it
 * again finds them made and is told nothing.
 */
export class OwedQueue {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Notes them. A transaction of its own. */
  note(directories: readonly FileId[]): void {
    if (directories.length === 0) return;
    const insert = this.#database.prepare("INSERT OR IGNORE INTO owed VALUES (?)");
    this.#database.exec("BEGIN");
    for (const directory of directories) insert.run(directory);
    this.#database.exec("COMMIT");
  }

  /** Puts those of a worker that was killed on the queue for comparison. To be called when its receiving end is surely gone. */
  collect(): void {
    this.#database.exec(
      "BEGIN; INSERT OR REPLACE INTO crawl (directory) SELECT directory FROM owed; DELETE FROM owed; COMMIT",
    );
  }

  /** The batch is recorded, and with it what is to be compared and what has failed; within the transaction of the queue. */
  clear(): void {
    this.#database.exec("DELETE FROM owed");
  }
}
