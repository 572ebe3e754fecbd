import type { DatabaseSync } from "node:sqlite";

import { blobOf } from "../database/blob-of.ts";
import type { FileId } from "../ids/file-id.ts";

/** A name, or a file, that is sent later although its change is behind the cursor. */
export interface HeldName {
  /** Given once. */
  readonly seq: number;
  /** The file itself, where the name is empty. */
  readonly directory: FileId;
  readonly name: Buffer;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Changes of what is held back. */
export interface HeldProgress {
  readonly held?: readonly HeldName[];
  /** Numbers of those that are at the destination. */
  readonly unheld?: readonly number[];
}

export const heldSchema = `
  CREATE TABLE IF NOT EXISTS held (seq INTEGER PRIMARY KEY, directory BLOB NOT NULL, name BLOB NOT NULL, since INTEGER NOT NULL);`;

/** What is held back, in the database of the queue. */
export class HeldQueue {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** All of them. */
  list(): HeldName[] {
    const rows = this.#database.prepare("SELECT seq, directory, name, since FROM held").all();
    return rows.map((row) => ({
      seq: Number(row["seq"]),
      directory: blobOf(row["directory"]),
      name: blobOf(row["name"]),
      since: Number(row["since"]),
    }));
  }

  /** Within the transaction of the queue. */
  record({ held = [], unheld = [] }: HeldProgress): void {
    for (const { seq, directory, name, since } of held)
      this.#database.prepare("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)").run(seq, directory, name, since);
    for (const seq of unheld) this.#database.prepare("DELETE FROM held WHERE seq = ?").run(seq);
  }
}
