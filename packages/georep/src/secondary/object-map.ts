import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";

import { hasCode } from "@belay/supervise";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { IdFilter } from "./id-filter.ts";

/** What is known of an object of the source at the destination. */
export interface MappedObject {
  /** Its id at the source. */
  readonly id: FileId;
  /** Id of the file or directory here that stands for it. */
  readonly here: FileId;
  readonly mode: number;
  /** Of the source, when last applied; size -1 while its content is not what it has to be. */
  readonly size: number;
  readonly mtime: bigint;
  /** 0 when a later change might not show in it. */
  readonly ctime: bigint;
  /** ctime of what stands for it here, after we last touched it: another one tells of somebody else's change. */
  readonly hereCtime: bigint;
}

/** What is known of one name of a directory. */
export interface MappedChild {
  readonly object: MappedObject;
  /** Its name, by `keyOf`. */
  readonly name: string;
}

/** A name of an object. */
export interface MappedName {
  readonly parent: FileId;
  readonly name: Buffer;
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA cache_size = -16000;
  PRAGMA wal_autocheckpoint = 8000;
  CREATE TABLE IF NOT EXISTS objects (
    id BLOB PRIMARY KEY, here BLOB NOT NULL, mode INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, ctime INTEGER NOT NULL, here_ctime INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS objects_here ON objects (here);
  CREATE TABLE IF NOT EXISTS names (
    parent BLOB NOT NULL, name BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (parent, name)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS names_id ON names (id);
  CREATE TABLE IF NOT EXISTS spared (
    parent BLOB NOT NULL, name BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (parent, name)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS spared_id ON spared (id);
  CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;`;

const statements = {
  get: "SELECT * FROM objects WHERE id = ?",
  byHere: "SELECT * FROM objects WHERE here = ?",
  put: "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)",
  insert: "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)",
  insertName: "INSERT INTO names VALUES (?, ?, ?)",
  hasAny: "SELECT 1 FROM objects LIMIT 1",
  namesOf: "SELECT parent, name FROM names WHERE id = ?",
  putName: "INSERT OR REPLACE INTO names VALUES (?, ?, ?)",
  removeName: "DELETE FROM names WHERE parent = ? AND name = ?",
  removeNamesOf: "DELETE FROM names WHERE id = ?",
  removeObject: "DELETE FROM objects WHERE id = ?",
  below: `WITH RECURSIVE gone(id) AS (VALUES (?) UNION SELECT names.id FROM names JOIN gone ON names.parent = gone.id)
          SELECT id FROM gone`,
  removeChildren: "DELETE FROM names WHERE parent = ?",
  removeNameless: "DELETE FROM objects WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM names WHERE names.id = ?1)",
  spare: "INSERT OR REPLACE INTO spared VALUES (?, ?, ?)",
  sparedOf: "SELECT parent, name FROM spared WHERE id = ?",
  removeSpared: "DELETE FROM spared WHERE parent = ? AND name = ?",
  reparent: "UPDATE OR REPLACE names SET parent = ? WHERE parent = ?",
  fact: "SELECT value FROM facts WHERE key = ?",
  putFact: "INSERT OR REPLACE INTO facts VALUES (?, ?)",
} as const;

// The one statement that runs over all there is: rows as arrays, and one blob for three, as each costs more than finding the row.
const childrenSql = `
  SELECT CAST(name || objects.id || here AS BLOB), length(name), length(objects.id), mode, size, mtime, ctime, here_ctime
  FROM names JOIN objects ON objects.id = names.id WHERE parent = ? AND name >= ? AND name <= ?`;

/**
 * Which object of the source is which here, and under which names; a database with one transaction for each batch.
 *
 * It is a memory, not the truth: every use compares it with the file system.
 */
export class ObjectMap implements Disposable {
  readonly #database: DatabaseSync;
  readonly #sql: Readonly<Record<keyof typeof statements, StatementSync>>;
  readonly #children: StatementSync;
  /** Of all objects; undefined when there were some already: to learn their ids would cost more than it spares. */
  #ids: IdFilter | undefined;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(schema);
    const prepared = Object.entries(statements).map(([name, sql]) => {
      const statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      return [name, statement];
    });
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof statements, StatementSync>;
    this.#children = this.#database.prepare(childrenSql);
    this.#children.setReadBigInts(true);
    this.#children.setReturnArrays(true);
    if (this.#sql.hasAny.get() === undefined) this.#ids = new IdFilter();
  }

  begin(): void {
    if (!this.#database.isTransaction) this.#database.exec("BEGIN IMMEDIATE");
  }

  commit(): void {
    if (this.#database.isTransaction) this.#database.exec("COMMIT");
  }

  get(id: FileId): MappedObject | undefined {
    return toObject(this.#sql.get.get(id));
  }

  /** As {@link get}, for objects that are most likely not known. */
  isKnown(id: FileId): boolean {
    return this.#ids?.mayHold(id) !== false && this.get(id) !== undefined;
  }

  byHere(here: FileId): MappedObject | undefined {
    return toObject(this.#sql.byHere.get(here));
  }

  put(object: MappedObject): void {
    const { id, here, mode, size, mtime, ctime, hereCtime } = object;
    this.#ids?.add(id);
    this.#sql.put.run(id, here, mode, size, mtime, ctime, hereCtime);
  }

  /** An object that is not known, and its only name: costs half of `put` and `putName`. */
  putNew({ id, here, mode, size, mtime, ctime, hereCtime }: MappedObject, name: MappedName): void {
    this.#ids?.add(id);
    this.#sql.insert.run(id, here, mode, size, mtime, ctime, hereCtime);
    try {
      this.#sql.insertName.run(name.parent, name.name, id);
    } catch (error) {
      // Whatever we remember of the name, it was free.
      if (!hasCode(error, "ERR_SQLITE_ERROR")) throw error;
      this.putName(name, id);
    }
  }

  namesOf(id: FileId): MappedName[] {
    return this.#sql.namesOf.all(id).map((row) => ({ parent: bytes(row["parent"]), name: bytes(row["name"]) }));
  }

  /** The objects of names in a directory, from a name to another; the caller sees to it that they are not too many. */
  children(parent: FileId, first: Buffer, last: Buffer): MappedChild[] {
    return this.#children.all(parent, first, last).map((row) => toChild(row as unknown as SQLOutputValue[]));
  }

  putName({ parent, name }: MappedName, id: FileId): void {
    this.#sql.putName.run(parent, name, id);
  }

  removeName({ parent, name }: MappedName): void {
    this.#sql.removeName.run(parent, name);
  }

  removeNamesOf(id: FileId): void {
    this.#sql.removeNamesOf.run(id);
  }

  /** Forgets an object and all below it, except what has names elsewhere. */
  removeTree(id: FileId): void {
    const gone = this.#sql.below.all(id).map((row) => bytes(row["id"]));
    for (const each of gone) this.#sql.removeChildren.run(each);
    for (const each of gone) this.#sql.removeNameless.run(each);
  }

  /** Forgets an object that stands for nothing any more. */
  removeObject(id: FileId): void {
    this.#sql.removeObject.run(id);
  }

  /** Notes a name that its object has lost at the source, and keeps here. */
  spare({ parent, name }: MappedName, id: FileId): void {
    this.#sql.spare.run(parent, name, id);
  }

  sparedOf(id: FileId): MappedName[] {
    return this.#sql.sparedOf.all(id).map((row) => ({ parent: bytes(row["parent"]), name: bytes(row["name"]) }));
  }

  removeSpared({ parent, name }: MappedName): void {
    this.#sql.removeSpared.run(parent, name);
  }

  /** Lets one directory take the place of another, with what is in it. */
  replaceDirectory(old: FileId, by: FileId): void {
    this.#sql.reparent.run(by, old);
    this.removeNamesOf(old);
    this.removeObject(old);
  }

  /** Forgets everything. */
  clear(): void {
    this.#database.exec("DELETE FROM names; DELETE FROM objects; DELETE FROM spared");
    this.#ids = new IdFilter();
  }

  fact(key: string): Buffer | undefined {
    const row = this.#sql.fact.get(key);
    return row && bytes(row["value"]);
  }

  putFact(key: string, value: Uint8Array): void {
    this.#sql.putFact.run(key, value);
  }

  [Symbol.dispose](): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    this.#database.close();
  }
}

function toObject(row: Record<string, SQLOutputValue> | undefined): MappedObject | undefined {
  return (
    row && {
      id: bytes(row["id"]),
      here: bytes(row["here"]),
      mode: Number(row["mode"]),
      size: Number(row["size"]),
      mtime: row["mtime"] as bigint,
      ctime: row["ctime"] as bigint,
      hereCtime: row["here_ctime"] as bigint,
    }
  );
}

function toChild(row: readonly SQLOutputValue[]): MappedChild {
  const [joined, nameLength, idLength, mode, size, mtime, ctime, hereCtime] = row;
  const blobs = bytes(joined);
  const idAt = Number(nameLength);
  const hereAt = idAt + Number(idLength);
  const ids = { id: blobs.subarray(idAt, hereAt), here: blobs.subarray(hereAt) };
  const times = { mtime: mtime as bigint, ctime: ctime as bigint, hereCtime: hereCtime as bigint };
  return { name: keyOf(blobs.subarray(0, idAt)), object: { ...ids, mode: Number(mode), size: Number(size), ...times } };
}

function bytes(value: SQLOutputValue | undefined): Buffer {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.alloc(0);
}
