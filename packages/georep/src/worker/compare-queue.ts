import type { DatabaseSync, StatementSync } from "node:sqlite";

import { blobOf } from "../database/blob-of.ts";
import type { FileId } from "../ids/file-id.ts";

/** A name of a directory; an empty one is the directory itself. */
export interface NamePlace {
  readonly directory: FileId;
  readonly name: Buffer;
}

/** What of a comparison is to be kept, as part of a step of the work. */
export interface CompareProgress {
  /** Names that were applied: the next checkpoint that compares digests has to look at them. */
  readonly applied?: readonly NamePlace[];
  readonly toCompare?: readonly NamePlace[];
  readonly compared?: readonly NamePlace[];
  /** Directories that are to be compared with all in and below them, and one that has been. */
  readonly treesToCompare?: readonly FileId[];
  readonly comparedTree?: FileId | undefined;
}

export const compareSchema = `
  CREATE TABLE IF NOT EXISTS applied (directory BLOB NOT NULL, name BLOB NOT NULL, PRIMARY KEY (directory, name)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS compare (directory BLOB NOT NULL, name BLOB NOT NULL, PRIMARY KEY (directory, name)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS compare_tree (seq INTEGER PRIMARY KEY AUTOINCREMENT, directory BLOB NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS comparison (one INTEGER PRIMARY KEY CHECK (one = 1), content INTEGER NOT NULL);`;

/** More names than this are not kept one by one: then everything is looked at. */
export const mostApplied = 200_000;

const nothing = Buffer.alloc(0);

/**
 * What has to be compared by digest, on disk: names that were applied since the last time, and what is left of a comparison that is under
 * way. A worker that starts again goes on with it.
 */
export class CompareQueue {
  readonly #database: DatabaseSync;
  // Asked for in every step of the work.
  readonly #current: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#current = database.prepare("SELECT content FROM comparison");
  }

  /** The comparison under way; undefined: there is none. */
  get current(): { readonly withContent: boolean } | undefined {
    const row = this.#current.get();
    return row && { withContent: Number(row["content"]) === 1 };
  }

  get length(): number {
    const sql = "SELECT (SELECT count(*) FROM compare) + (SELECT count(*) FROM compare_tree) AS n";
    return Number(this.#database.prepare(sql).get()?.["n"] ?? 0);
  }

  /** Names to compare next, all of one directory. */
  nextNames(most: number): readonly NamePlace[] {
    const first = this.#database.prepare("SELECT directory FROM compare LIMIT 1").get();
    if (first === undefined) return [];
    const directory = blobOf(first["directory"]);
    const rows = this.#database.prepare("SELECT name FROM compare WHERE directory = ? LIMIT ?").all(directory, most);
    return rows.map((row) => ({ directory, name: blobOf(row["name"]) }));
  }

  /** The directory to compare next with all in it. */
  get nextTree(): FileId | undefined {
    const row = this.#database.prepare("SELECT directory FROM compare_tree ORDER BY seq DESC LIMIT 1").get();
    return row && blobOf(row["directory"]);
  }

  /** Begins a comparison of the whole tree; one that is under way becomes it. */
  beginWhole(root: FileId, withContent: boolean): void {
    this.#begin(withContent);
    this.record({ treesToCompare: [root] });
  }

  /**
   * Begins a comparison of what was applied since the last one; names that are applied from now on are for the next.
   *
   * @returns false when it is not known: nobody has kept count, or it was too much
   */
  beginApplied(): boolean {
    const isEverything = this.#everything !== undefined;
    this.#begin(true);
    if (!isEverything) this.#database.exec("INSERT OR IGNORE INTO compare SELECT directory, name FROM applied");
    this.#database.exec("DELETE FROM applied");
    return !isEverything;
  }

  /** Ends a comparison, done or not. */
  end(): void {
    this.#database.exec("DELETE FROM comparison; DELETE FROM compare; DELETE FROM compare_tree");
  }

  /** Notes that anything may have been applied. */
  applyEverything(): void {
    this.#database.exec("DELETE FROM applied");
    this.#insert("applied", [{ directory: nothing, name: nothing }]);
  }

  /** Within a transaction of its caller's. */
  record({ applied = [], toCompare = [], compared = [], treesToCompare = [], comparedTree }: CompareProgress): void {
    if (applied.length > 0 && this.#everything === undefined) this.#noteApplied(applied);
    // What was compared and differed is to be compared again.
    for (const { directory, name } of compared)
      this.#database.prepare("DELETE FROM compare WHERE directory = ? AND name = ?").run(directory, name);
    if (toCompare.length > 0 && this.current === undefined) this.#begin(true);
    this.#insert("compare", toCompare);
    if (comparedTree !== undefined)
      this.#database.prepare("DELETE FROM compare_tree WHERE directory = ?").run(comparedTree);
    for (const directory of treesToCompare)
      this.#database.prepare("INSERT OR REPLACE INTO compare_tree (directory) VALUES (?)").run(directory);
  }

  get #everything(): unknown {
    return this.#database.prepare("SELECT 1 FROM applied WHERE directory = x''").get();
  }

  #noteApplied(applied: readonly NamePlace[]): void {
    this.#insert("applied", applied);
    const count = this.#database.prepare("SELECT count(*) AS n FROM applied").get();
    if (Number(count?.["n"] ?? 0) > mostApplied) this.applyEverything();
  }

  #begin(withContent: boolean): void {
    const isContent = withContent || this.current?.withContent === true;
    this.#database.prepare("INSERT OR REPLACE INTO comparison VALUES (1, ?)").run(Number(isContent));
  }

  #insert(table: "applied" | "compare", places: readonly NamePlace[]): void {
    if (places.length === 0) return;
    const statement = this.#database.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ?)`);
    for (const { directory, name } of places) statement.run(directory, name);
  }
}
