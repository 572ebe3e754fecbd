import type { DatabaseSync } from "node:sqlite";

import { blobOf } from "../database/blob-of.ts";
import type { FileId } from "../ids/file-id.ts";

/** Something that could not be applied and will be tried again. */
export interface RetryItem {
  readonly directory: FileId;
  readonly name: Buffer;
  readonly attempts: number;
  readonly code: string;
  readonly message: string;
  /** Nobody has looked below what is there, should it be a directory. */
  readonly isUnlooked: boolean;
}

const columns = `
  directory BLOB NOT NULL, name BLOB NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL,
  code TEXT NOT NULL, message TEXT NOT NULL`;

const unlooked = "unlooked INTEGER NOT NULL DEFAULT 1";

export const retrySchema = `
  CREATE TABLE IF NOT EXISTS retry (${columns}, ${unlooked}, PRIMARY KEY (directory, name)) WITHOUT ROWID;`;

/** Of what earlier versions left to be tried again nobody knows whether it was looked at: one comparison too many does no harm. */
export function upgradeRetries(database: DatabaseSync): void {
  const known = database.prepare("SELECT 1 FROM pragma_table_info('retry') WHERE name = 'unlooked'").get();
  if (known === undefined) database.exec(`ALTER TABLE retry ADD COLUMN ${unlooked}`);
}

/** One row of the table. */
export function toRetryItem(row: Record<string, unknown>): RetryItem {
  return {
    directory: blobOf(row["directory"]),
    name: blobOf(row["name"]),
    attempts: Number(row["attempts"]),
    code: String(row["code"]),
    message: String(row["message"]),
    isUnlooked: row["unlooked"] === 1,
  };
}
