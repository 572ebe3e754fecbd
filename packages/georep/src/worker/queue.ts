import { DatabaseSync, type StatementSync } from "node:sqlite";

import { blobOf } from "../database/blob-of.ts";
import type { FileId } from "../ids/file-id.ts";
import { CompareQueue, compareSchema, type CompareProgress, type NamePlace } from "./compare-queue.ts";
import { HeldQueue, heldSchema, type HeldProgress } from "./held-queue.ts";
import { OwedQueue, owedSchema } from "./owed-queue.ts";
import type { Position } from "../journal/position.ts";
import type { DirectoryPlace } from "../sources/directory-places.ts";
import type { Expected } from "../rpc/hello-messages.ts";
import type { LookFailure } from "../plan/planner.ts";
import { retrySchema, toRetryItem, upgradeRetries, type RetryItem } from "./retry-table.ts";

/** A directory that waits to be compared. */
export interface CrawlItem {
  /** Another one when it is queued again meanwhile: what is done then counts for the older one only. */
  readonly seq: number;
  readonly directory: FileId;
  /** Nothing is in it at the destination. */
  readonly isFresh: boolean;
}

/** What a cursor belongs to: with another one it says nothing. */
export interface Anchor {
  /** Of the feed. */
  readonly incarnation: string;
  /** Of the secondary's memory of the destination, and what a copy there has to have. */
  readonly replica: string;
  /** Of the source's root. */
  readonly root: string;
  /** Of the policy: what decides which names count, and which attributes. */
  readonly scope: string;
  readonly attributes: string;
}

/** What a step of the work changes, all of it or nothing. */
export interface Progress extends CompareProgress, HeldProgress {
  readonly anchor?: Anchor;
  /** Where the destination lies, as it said. */
  readonly site?: string;
  /** The destination as it was when the session was created. */
  readonly created?: Expected;
  /** Batches that it has finished. */
  readonly finished?: number;
  /** Everything in the journal before it is durable at the destination. */
  readonly cursor?: Position;
  /** Directories to be compared. */
  readonly crawl?: readonly FileId[];
  /** Directories that are to be compared, and are known to be empty at the destination. */
  readonly fresh?: readonly FileId[];
  /** Comparisons that are done. */
  readonly crawled?: readonly CrawlItem[];
  readonly failed?: readonly LookFailure[];
  /** Where directories were seen, of a source whose ids cannot be opened. */
  readonly places?: readonly DirectoryPlace[];
  /** Directories of such a source that are no more. */
  readonly placesGone?: readonly FileId[];
  readonly done?: readonly { readonly directory: FileId; readonly name: Buffer }[];
  /** Names that were compared by digest and are equal: only that ends the retries of one that differed. */
  readonly equal?: readonly NamePlace[];
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER, offset INTEGER);
  CREATE TABLE IF NOT EXISTS anchor (
    one INTEGER PRIMARY KEY CHECK (one = 1), incarnation TEXT, replica TEXT, root TEXT, scope TEXT, attributes TEXT
  );
  CREATE TABLE IF NOT EXISTS site (one INTEGER PRIMARY KEY CHECK (one = 1), site TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS created (one INTEGER PRIMARY KEY CHECK (one = 1), replica BLOB NOT NULL, site TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS finished (one INTEGER PRIMARY KEY CHECK (one = 1), batches INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS places (id BLOB PRIMARY KEY, parent BLOB NOT NULL, name BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS crawl (seq INTEGER PRIMARY KEY AUTOINCREMENT, directory BLOB NOT NULL UNIQUE);
  ${retrySchema}
  ${heldSchema}
  ${owedSchema}
  ${compareSchema}`;

const firstRetryMs = 250;
/** More are asked the destination for. */
const mostFresh = 100_000;

/** Name of the queue in the worker's directory. */
export const queueName = "queue.sqlite";

/** The worker's durable state: cursor, directories to compare, what is to be tried again; one database, one transaction for each step. */
export class WorkQueue implements Disposable {
  readonly #database: DatabaseSync;
  readonly #queue: StatementSync;
  readonly #forget: StatementSync;
  readonly #place: StatementSync;
  readonly #forgetPlace: StatementSync;
  readonly #waiting: StatementSync;
  readonly #forgetDiffering: StatementSync;
  readonly #retryMs: number;
  /** False: nothing waits to be tried again. */
  #mayRetry: boolean;
  // Only for as long as this process remembers: who comes after it asks the destination.
  readonly #fresh = new Set<number>();
  readonly compare: CompareQueue;
  readonly held: HeldQueue;
  readonly owed: OwedQueue;

  /** @param retryMs  longest pause before something is tried again */
  constructor(path: string, retryMs = 60_000) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(schema);
    upgradeRetries(this.#database);
    this.#queue = this.#database.prepare("INSERT OR REPLACE INTO crawl (directory) VALUES (?)");
    this.#forget = this.#database.prepare("DELETE FROM crawl WHERE seq = ?");
    this.#place = this.#database.prepare("INSERT OR REPLACE INTO places VALUES (?, ?, ?)");
    this.#forgetPlace = this.#database.prepare("DELETE FROM places WHERE id = ?");
    this.#waiting = this.#database.prepare("SELECT code, unlooked FROM retry WHERE directory = ? AND name = ?");
    this.#forgetDiffering = this.#database.prepare(
      "DELETE FROM retry WHERE directory = ? AND name = ? AND code = 'EDIFFERS'",
    );
    this.#retryMs = retryMs;
    this.#mayRetry = this.retryLength > 0;
    this.compare = new CompareQueue(this.#database);
    this.held = new HeldQueue(this.#database);
    this.owed = new OwedQueue(this.#database);
  }

  get cursor(): Position | undefined {
    const row = this.#database.prepare("SELECT segment, offset FROM cursor").get();
    return row && { segment: Number(row["segment"]), offset: Number(row["offset"]) };
  }

  get anchor(): Anchor | undefined {
    const row = this.#database.prepare("SELECT * FROM anchor").get();
    const text = (column: string) => String(row?.[column]);
    return (
      row && {
        incarnation: text("incarnation"),
        replica: text("replica"),
        root: text("root"),
        scope: text("scope"),
        attributes: text("attributes"),
      }
    );
  }

  /** Where the destination was when a worker was last connected. */
  get site(): string | undefined {
    const site = this.#database.prepare("SELECT site FROM site").get()?.["site"];
    return typeof site === "string" ? site : undefined;
  }

  /** The destination as it was when the session was created; undefined: nobody looked. */
  get created(): Expected | undefined {
    const row = this.#database.prepare("SELECT replica, site FROM created").get();
    return row && { replica: blobOf(row["replica"]), site: String(row["site"]) };
  }

  /** Batches that the destination had finished when the last one was recorded, at least. */
  get finished(): number {
    return Number(this.#database.prepare("SELECT batches FROM finished").get()?.["batches"] ?? 0);
  }

  /** The directories to compare next: those found last, so that the queue stays short. */
  nextCrawls(limit: number): CrawlItem[] {
    const rows = this.#database.prepare("SELECT seq, directory FROM crawl ORDER BY seq DESC LIMIT ?").all(limit);
    return rows.map((row) => {
      const seq = Number(row["seq"]);
      return { seq, directory: blobOf(row["directory"]), isFresh: this.#fresh.has(seq) };
    });
  }

  *places(): Generator<DirectoryPlace> {
    for (const { id, parent, name } of this.#database.prepare("SELECT id, parent, name FROM places").iterate())
      yield { id: blobOf(id), parent: blobOf(parent), name: blobOf(name) };
  }

  get crawlLength(): number {
    return Number(this.#database.prepare("SELECT count(*) AS n FROM crawl").get()?.["n"] ?? 0);
  }

  get retryLength(): number {
    return Number(this.#database.prepare("SELECT count(*) AS n FROM retry").get()?.["n"] ?? 0);
  }

  /** What waits to be tried again, the most often failed first. */
  retries(limit = 1000): RetryItem[] {
    const rows = this.#database.prepare("SELECT * FROM retry ORDER BY attempts DESC LIMIT ?").all(limit);
    return rows.map(toRetryItem);
  }

  /** Makes all of them due. */
  retryNow(): void {
    this.#database.exec("UPDATE retry SET due = 0");
  }

  dueRetries(now: number, limit: number): RetryItem[] {
    // One that is due later than any can be: the clock was set back.
    if (!this.#mayRetry) return [];
    const sql = "SELECT * FROM retry WHERE due <= ?1 OR due > ?1 + ?2 LIMIT ?3";
    return this.#database.prepare(sql).all(now, this.#retryMs, limit).map(toRetryItem);
  }

  /** Whether anything waits to be tried again. */
  get hasRetries(): boolean {
    return this.#mayRetry;
  }

  /** What waits to be tried again under a name, due or not. */
  waiting({ directory, name }: NamePlace): Pick<RetryItem, "code" | "isUnlooked"> | undefined {
    const row = this.#waiting.get(directory, name);
    return row && { code: String(row["code"]), isUnlooked: row["unlooked"] === 1 };
  }

  /** When the next one is due, in milliseconds since 1970. */
  get nextDue(): number | undefined {
    const due = this.#database.prepare("SELECT min(due) AS due FROM retry").get()?.["due"];
    return typeof due === "number" ? due : undefined;
  }

  record(progress: Progress): void {
    const {
      anchor,
      site,
      created,
      finished,
      cursor,
      crawl = [],
      fresh = [],
      crawled = [],
      failed = [],
      done = [],
      equal = [],
    } = progress;
    const database = this.#database;
    database.exec("BEGIN");
    for (const place of done) this.#tried(place, failed);
    // All that a verification has looked at is among them.
    if (this.#mayRetry) for (const { directory, name } of equal) this.#forgetDiffering.run(directory, name);
    // A directory that could not be looked at may have changed in every name.
    const again = done.filter(({ name }) => name.length === 0).map(({ directory }) => directory);
    for (const failure of failed) this.#fail(failure);
    for (const { seq } of crawled) this.#forgetCrawl(seq);
    for (const directory of fresh) this.#queueFresh(directory);
    for (const directory of [...again, ...crawl]) this.#queue.run(directory);
    this.#recordPlaces(progress);
    if (anchor !== undefined)
      database
        .prepare("INSERT OR REPLACE INTO anchor VALUES (1, ?, ?, ?, ?, ?)")
        .run(anchor.incarnation, anchor.replica, anchor.root, anchor.scope, anchor.attributes);
    if (site !== undefined) database.prepare("INSERT OR REPLACE INTO site VALUES (1, ?)").run(site);
    if (created !== undefined)
      database.prepare("INSERT OR REPLACE INTO created VALUES (1, ?, ?)").run(created.replica, created.site);
    if (finished !== undefined) {
      database.prepare("INSERT OR REPLACE INTO finished VALUES (1, ?)").run(finished);
      this.owed.clear();
    }
    if (cursor !== undefined)
      database.prepare("INSERT OR REPLACE INTO cursor VALUES (1, ?, ?)").run(cursor.segment, cursor.offset);
    this.compare.record(progress);
    this.held.record(progress);
    database.exec("COMMIT");
    const mayHaveChanged = done.length + failed.length > 0 || (this.#mayRetry && equal.length > 0);
    if (mayHaveChanged) this.#mayRetry = this.retryLength > 0;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #recordPlaces({ places = [], placesGone = [] }: Progress): void {
    for (const id of placesGone) this.#forgetPlace.run(id);
    for (const { id, parent, name } of places) this.#place.run(id, parent, name);
  }

  #forgetCrawl(seq: number): void {
    this.#forget.run(seq);
    this.#fresh.delete(seq);
  }

  #queueFresh(directory: FileId): void {
    const seq = Number(this.#queue.run(directory).lastInsertRowid);
    if (this.#fresh.size > mostFresh) this.#fresh.clear();
    this.#fresh.add(seq);
  }

  #tried({ directory, name }: NamePlace, failed: readonly LookFailure[]): void {
    const isDone = !failed.some((failure) => failure.id.equals(directory) && failure.name.equals(name));
    const sql = isDone
      ? "DELETE FROM retry WHERE directory = ? AND name = ? AND code <> 'EDIFFERS'"
      : "UPDATE retry SET unlooked = 0 WHERE directory = ? AND name = ?";
    this.#database.prepare(sql).run(directory, name);
  }

  #fail({ id, name, code, message, isUnlooked }: LookFailure): void {
    const sql = "SELECT attempts, unlooked FROM retry WHERE directory = ? AND name = ?";
    const row = this.#database.prepare(sql).get(id, name);
    const attempts = Number(row?.["attempts"] ?? 0) + 1;
    const due = Date.now() + Math.min(firstRetryMs * 2 ** Math.min(attempts - 1, 20), this.#retryMs);
    const unlooked = isUnlooked === true ? 1 : Number(row?.["unlooked"] ?? 0);
    this.#database
      .prepare("INSERT OR REPLACE INTO retry VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(id, name, attempts, due, code, message, unlooked);
  }
}
