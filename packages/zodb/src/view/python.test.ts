import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkBTree } from "../btree/check.ts";
import { IO, LL, LO, OO } from "../btree/flavour.ts";
import type { Flavour } from "../btree/flavour.ts";
import { random } from "../btree/testing.ts";
import { openFileStorage } from "../filestorage/index.ts";
import { Global, isTuple, PersistentRef, PyDict, PyFloat, PyList } from "../pickle/values.ts";
import { havePython, pythonJson } from "../testing/python.ts";
import { transactionMeta } from "../storage.ts";
import { Connection } from "./connection.ts";

function temporaryFile(): { path: string } & Disposable {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-zodb-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  return { path: join(directory, "Data.fs"), [Symbol.dispose]: remove };
}

/** Changes trees over several transactions; key n is told from the others by `keyOf`. */
function changeTree<K>(connection: Connection, name: string, flavour: Flavour<K>, keyOf: (n: number) => K): void {
  const next = random(name.charCodeAt(0));
  const created = connection.createBTree(flavour);
  connection.root().set(name, connection.refTo(created));
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 300; i++) {
      const n = next(2000);
      if (round % 4 === 3) created.delete(keyOf(n));
      else created.set(keyOf(n), n);
    }
    connection.commit(transactionMeta({ user: "belay", description: `${name} ${round}` }));
  }
}

const WRITTEN_BY_US = `
import json, sys, ZODB, ZODB.FileStorage, transaction
from BTrees.check import check
from persistent.mapping import PersistentMapping
db = ZODB.DB(ZODB.FileStorage.FileStorage(sys.argv[1]))
root = db.open().root()
out = {}
for name in ("LO", "IO", "OO", "LL"):
    tree = root[name]
    tree._check(); check(tree)
    out[name] = [[str(k), v] for k, v in tree.items()]
m = root["mapping"]
assert type(m) is PersistentMapping and m["self"] is root and m["float"] == 1.0 and m["list"] == [1, (2, None)], dict(m)
assert m["bytes"] == b"\\x00\\xff" and m["big"] == 2**70 and m["text"] == "\\u20ac"
for name in ("LO", "IO", "OO", "LL"):
    tree = root[name]
    keys = list(tree)
    for k in keys[::3]: del tree[k]
    for k in keys[1::3]: tree[k] = 7
    transaction.commit()
    out[name + "2"] = [[str(k), v] for k, v in tree.items()]
db.close()
print(json.dumps(out))`;

test.runIf(havePython)("Python uses what is written here, and what it writes is read here", async () => {
  using file = temporaryFile();
  {
    await using storage = await openFileStorage(file.path, { readOnly: false, create: true });
    const connection = Connection.open(storage);
    changeTree(connection, "LO", LO, BigInt);
    changeTree(connection, "IO", IO, (n) => n - 1000);
    changeTree(connection, "OO", OO, (n) => `key ${n}`);
    changeTree(connection, "LL", LL, (n) => BigInt(n) << 40n);
    const data = PyDict.of({
      self: connection.root().object.ref,
      float: new PyFloat(1),
      list: new PyList([1, [2, null]]),
      bytes: new Uint8Array([0, 255]),
      big: 2n ** 70n,
      text: "\u20ac",
    });
    const mapping = connection.create(new Global("persistent.mapping", "PersistentMapping"), PyDict.of({ data }));
    connection.root().set("mapping", mapping.ref);
    connection.commit();
  }

  const seen = pythonJson(WRITTEN_BY_US, { args: [file.path] }) as Record<string, [string, number][]>;

  await using storage = await openFileStorage(file.path);
  const now = Connection.open(storage);
  const tids = [...storage.iterate()].map(({ tid }) => tid);
  const before = Connection.open(storage, { at: tids[tids.length - 5] ?? 0n });
  for (const flavour of [LO, IO, OO, LL] as unknown as Flavour<number>[]) {
    expect(entries(before, flavour), `${flavour.name} as written`).toEqual(seen[flavour.name]);
    expect(entries(now, flavour), `${flavour.name} changed by Python`).toEqual(seen[`${flavour.name}2`]);
  }
});

function entries(connection: Connection, flavour: Flavour<number>): [string, unknown][] {
  const ref = connection.root().get(flavour.name);
  if (!(ref instanceof PersistentRef)) throw new Error(`no ${flavour.name} in the root`);
  const tree = connection.btree(ref.oid, flavour);
  expect(checkBTree(tree)).toEqual([]);
  return [...tree].map(([key, value]) => [String(key), value]);
}

test.runIf(havePython)("references of all kinds that ZODB writes are understood", async () => {
  using file = temporaryFile();
  pythonJson(
    `
import sys, ZODB, ZODB.FileStorage, ZODB.DemoStorage, transaction
from persistent.wref import WeakRef
from persistent.mapping import PersistentMapping
from BTrees.Length import Length
dbs = {}
db = ZODB.DB(ZODB.FileStorage.FileStorage(sys.argv[1]), databases=dbs, database_name="main")
other = ZODB.DB(None, databases=dbs, database_name="other")
conn = db.open()
root, there = conn.root(), conn.get_connection("other").root()
there["x"] = PersistentMapping(); root["strong"] = PersistentMapping(); root["length"] = Length(42)
transaction.commit()
root["weak"] = WeakRef(root["strong"]); root["foreign"] = there["x"]
transaction.commit()
db.close(); print(1)`,
    { args: [file.path] },
  );
  await using storage = await openFileStorage(file.path);
  const connection = Connection.open(storage);
  const root = connection.root();
  const strong = root.get("strong");
  if (!(strong instanceof PersistentRef)) throw new Error("a reference was expected");
  expect(strong).toMatchObject({ kind: "strong", database: undefined, class: { name: "PersistentMapping" } });
  expect(root.get("weak")).toMatchObject({ kind: "weak", oid: strong.oid });
  expect(root.get("foreign")).toMatchObject({
    kind: "foreign",
    database: "other",
    class: { name: "PersistentMapping" },
  });
  const length = root.get("length");
  expect(length instanceof PersistentRef && connection.get(length.oid).state).toBe(42);
  expect(isTuple(connection.get(strong.oid).state)).toBe(false);
});
