import { expect, test } from "vitest";
import { makeRich, ourContents, temporaryDirectory, type Contents } from "../filestorage/testing/python-database.ts";
import { MAX_TID } from "../ids/tid.ts";
import { transactionMeta } from "../storage.ts";
import { havePython, pythonJson } from "../testing/python.ts";
import { openStorage } from "../zurl/index.ts";

test("changes hide the base, and leave it as it is", async () => {
  await using base = await openStorage("memory://demo-base", { readOnly: false });
  const make = base.begin(transactionMeta());
  for (const oid of [0n, 1n, 2n]) make.store(oid, 0n, Buffer.from(`base ${oid}`));
  const made = make.finish();
  using dir = temporaryDirectory();
  await using demo = await openStorage(`demo:(memory://demo-base)/(${dir.file("delta.fs")})`, { readOnly: false });
  expect(demo.lastTid()).toBe(made);
  const fresh = demo.newOid();
  expect(fresh).toBeGreaterThan(2n);
  const txn = demo.begin(transactionMeta());
  expect(() => txn.store(0n, 1n, Buffer.from("x"))).toThrow(
    expect.objectContaining({ code: "ECONFLICT", current: made }),
  );
  expect(() => txn.checkCurrentSerial(1n, 5n)).toThrow(expect.objectContaining({ code: "EREADCONFLICT" }));
  txn.checkCurrentSerial(1n, made);
  txn.store(0n, made, Buffer.from("changed"));
  txn.store(1n, made, undefined);
  txn.store(fresh, 0n, Buffer.from("new"));
  const tid = txn.finish();
  expect(demo.lastTid()).toBe(tid);
  expect(demo.loadBefore(0n, MAX_TID)).toMatchObject({ serial: tid, next: undefined });
  expect(demo.loadBefore(0n, tid)).toMatchObject({ serial: made, next: tid });
  expect(demo.loadBefore(2n, MAX_TID)).toMatchObject({ serial: made, next: undefined });
  expect(() => demo.loadBefore(1n, MAX_TID)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
  expect(demo.loadBefore(fresh, tid)).toBe(undefined);
  expect(() => demo.loadBefore(77n, MAX_TID)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
  expect(demo.history(0n, 9).map(({ serial }) => serial)).toEqual([tid, made]);
  expect([...demo.iterate()].map((transaction) => transaction.tid)).toEqual([made, tid]);
  base.poll();
  expect(Buffer.from(base.loadBefore(0n, MAX_TID)?.data ?? []).toString()).toBe("base 0");
  const meddle = base.begin(transactionMeta());
  meddle.store(2n, made, Buffer.from("meddled"));
  meddle.finish();
  expect(() => demo.poll()).toThrow(expect.objectContaining({ code: "ESTATE" }));
});

test.runIf(havePython)("changes made by Python are read as Python reads them", async () => {
  using dir = temporaryDirectory();
  const [base, delta] = [dir.file("base.fs"), dir.file("delta.fs")];
  makeRich(base, { tree: 100, pack: false });
  const loads = pythonJson(
    `
import hashlib, json, sys, transaction
from persistent.mapping import PersistentMapping
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSKeyError
from ZODB.utils import p64, u64
storage = DemoStorage(base=FileStorage(sys.argv[1], read_only=True), changes=FileStorage(sys.argv[2]))
db = DB(storage); conn = db.open(); root = conn.root()
for i in range(10):
    root["s"]["i"] = ("demo", i)
    root["d%d" % i] = PersistentMapping({"i": i})
    transaction.commit()
tids, oids = [], set()
for part in (storage.base, storage.changes):
    for t in part.iterator():
        tids.append(t.tid)
        oids.update(r.oid for r in t)
def load(oid, before):
    try: found = storage.loadBefore(oid, before)
    except POSKeyError: return "POSKeyError"
    return found and [hashlib.sha1(found[0]).hexdigest(), found[1].hex(), found[2] and found[2].hex()]
print(json.dumps([[o.hex(), b.hex(), load(o, b)] for o in sorted(oids)[:40] + sorted(oids)[-8:] for t in tids[-20:] for b in (t, p64(u64(t) + 1))]))
db.close()
`,
    { args: [base, delta] },
  ) as Contents["loads"];
  await using demo = await openStorage(`demo:(file://${base})/(file://${delta})`);
  const like = { loads, history: [] } as unknown as Contents;
  expect(ourContents(demo, like).loads).toEqual(loads);
  expect(loads.length).toBeGreaterThan(1000);
});
