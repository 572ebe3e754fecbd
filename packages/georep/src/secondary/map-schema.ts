import type { DatabaseSync } from "node:sqlite";

/** Of the tables below; what another version made is of no use. */
const version = 2;

// What is made one after another has to lie side by side: a batch then changes few pages, however many objects there are. So objects have numbers
// in the order in which they came, and the two indexes by which they are found hold a short key (`indexKey`) instead of a whole id.
const tables = `
  CREATE TABLE IF NOT EXISTS objects (
    num INTEGER PRIMARY KEY, id_key INTEGER NOT NULL, id BLOB NOT NULL, here_key INTEGER NOT NULL, here BLOB NOT NULL,
    mode INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL, here_ctime INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS objects_id ON objects (id_key);
  CREATE INDEX IF NOT EXISTS objects_here ON objects (here_key);
  CREATE TABLE IF NOT EXISTS names (
    parent INTEGER NOT NULL, name BLOB NOT NULL, num INTEGER NOT NULL, PRIMARY KEY (parent, name)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS names_num ON names (num);
  CREATE TABLE IF NOT EXISTS arrivals (
    seq INTEGER PRIMARY KEY, parent INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, rows BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS arrivals_parent ON arrivals (parent);
  CREATE TABLE IF NOT EXISTS spared (
    parent BLOB NOT NULL, name BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (parent, name)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS spared_id ON spared (id);
  CREATE TABLE IF NOT EXISTS former (here_key INTEGER NOT NULL, here BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS former_here ON former (here_key);
  CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TEMP TABLE gone (num INTEGER PRIMARY KEY);
  CREATE TEMP TABLE renewed (num INTEGER PRIMARY KEY);`;

/**
 * Makes the tables of an object map where they are not there. A map of another version is forgotten: then all is compared, and what is there taken
 * over.
 */
export function openTables(database: DatabaseSync): void {
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -16000;
    PRAGMA wal_autocheckpoint = 8000;`);
  const was = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  const drop = ["objects", "names", "arrivals", "spared", "former", "facts"]
    .map((table) => `DROP TABLE IF EXISTS ${table};`)
    .join("\n");
  database.exec(was === version ? tables : `BEGIN; ${drop} ${tables} PRAGMA user_version = ${version}; COMMIT;`);
}

const numOf = "(SELECT num FROM objects WHERE id_key = ? AND id = ?)";

/** What is asked of the tables; `?` in the order of an object's key and id, then the rest. */
export const statements = {
  get: "SELECT * FROM objects WHERE id_key = ? AND id = ?",
  numAndHere: "SELECT num, here FROM objects WHERE id_key = ? AND id = ?",
  byHere: "SELECT * FROM objects WHERE here_key = ? AND here IN (?, ?)",
  last: "SELECT max(ifnull((SELECT max(num) FROM objects), 0), ifnull((SELECT max(first + count) FROM arrivals), 0)) AS num",
  insert: "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  update: "UPDATE objects SET mode = ?, size = ?, mtime = ?, ctime = ?, here_ctime = ? WHERE num = ?",
  setHere: "UPDATE objects SET here_key = ?, here = ? WHERE num = ?",
  setId: "UPDATE objects SET id_key = ?, id = ? WHERE num = ?",
  insertName: "INSERT INTO names VALUES (?, ?, ?)",
  putName: "INSERT OR REPLACE INTO names VALUES (?, ?, ?)",
  namesOf: `SELECT id AS parent, name FROM names JOIN objects ON objects.num = names.parent WHERE names.num = ${numOf}`,
  removeName: "DELETE FROM names WHERE parent = ? AND name = ?",
  removeNamesOf: `DELETE FROM names WHERE num = ${numOf}`,
  removeChildren: "DELETE FROM names WHERE parent = ?",
  reparent: "UPDATE OR REPLACE names SET parent = ? WHERE parent = ?",
  removeObject: "DELETE FROM objects WHERE num = ?",
  below: `INSERT INTO gone WITH RECURSIVE below(num) AS (
            SELECT ${numOf} UNION SELECT names.num FROM names JOIN below ON names.parent = below.num
          ) SELECT num FROM below WHERE num IS NOT NULL`,
  removeNamesBelow: "DELETE FROM names WHERE parent IN (SELECT num FROM gone)",
  removeNameless: `DELETE FROM objects WHERE num IN (SELECT num FROM gone)
                   AND NOT EXISTS (SELECT 1 FROM names WHERE names.num = objects.num)`,
  forgetGone: "DELETE FROM gone",
  spare: "INSERT OR REPLACE INTO spared VALUES (?, ?, ?)",
  sparedOf: "SELECT parent, name FROM spared WHERE id = ?",
  removeSpared: "DELETE FROM spared WHERE parent = ? AND name = ?",
  wasOurs: "SELECT 1 FROM former WHERE here_key = ? AND here IN (?, ?)",
  fact: "SELECT value FROM facts WHERE key = ?",
  putFact: "INSERT OR REPLACE INTO facts VALUES (?, ?)",
} as const;

const dropTriggers = `
  DROP TRIGGER IF EXISTS former_replaced;
  DROP TRIGGER IF EXISTS former_removed;`;

/**
 * For as long as batches that were cut off may have moved what is ours: what stands for an object now, and will no more, is kept in `former`. Not so what
 * comes to stand for one from now on: no such batch can have moved that, it may be somebody else's that is given back, and where the source is never at
 * rest there is no end of it.
 *
 * @param last  number of the last object there is
 */
export const keepFormer = (last: number): string => `
  ${dropTriggers}
  DELETE FROM renewed;
  CREATE TEMP TRIGGER former_replaced AFTER UPDATE OF here ON main.objects
    WHEN new.here <> old.here AND ${isAsItWas(last)}
    BEGIN
      INSERT INTO former VALUES (old.here_key, old.here);
      INSERT INTO renewed VALUES (old.num);
    END;
  CREATE TEMP TRIGGER former_removed AFTER DELETE ON main.objects WHEN ${isAsItWas(last)}
    BEGIN INSERT INTO former VALUES (old.here_key, old.here); END;`;

const isAsItWas = (last: number): string => `old.num <= ${last} AND old.num NOT IN (SELECT num FROM renewed)`;

export const forgetFormer = `
  ${dropTriggers}
  DELETE FROM renewed;
  DELETE FROM former;`;

/** The one statement that runs over all there is: rows as arrays, and one blob for three, as each costs more than finding the row. */
export const childrenSql = `
  SELECT CAST(name || id || here AS BLOB), length(name), length(id), mode, size, mtime, ctime, here_ctime
  FROM names JOIN objects ON objects.num = names.num WHERE parent = ? AND name >= ? AND name <= ?
  ORDER BY name`;
