import { expect, test } from "vitest";
import { checkBTree } from "../btree/check.ts";
import { BLOCKS, LO, OO } from "../btree/flavour.ts";
import { random } from "../btree/testing.ts";
import { isRetryable } from "../errors/zodb-error.ts";
import { openMemoryStorage } from "../memory/memory-storage.ts";
import { Global, PersistentRef } from "../pickle/values.ts";
import { transactionMeta } from "../storage.ts";
import { Connection } from "./connection.ts";

const THING = new Global("app", "Thing");

/** Two storages on one database, each with a connection, as two processes would have them. */
function pair(): { a: Connection; b: Connection } {
  const name = `connection-test-${crypto.randomUUID()}`;
  return { a: Connection.open(openMemoryStorage(name)), b: Connection.open(openMemoryStorage(name)) };
}

test("a database starts with a root that has no names", () => {
  const { a, b } = pair();
  expect(a.root().names()).toEqual([]);
  expect(a.get(0n).class).toMatchObject({ module: "persistent.mapping", name: "PersistentMapping" });
  expect(Buffer.from([...a.storage.iterate()][0]?.description ?? []).toString()).toBe("initial database creation");
  expect([...b.storage.iterate()].length).toBe(1);
});

test("what is committed is seen after sync and not before", () => {
  const { a, b } = pair();
  const thing = a.create(THING, "first");
  a.root().set("thing", thing.ref);
  const tid = a.commit(transactionMeta({ description: "one" }));

  expect(b.root().get("thing")).toBeUndefined();
  expect(b.sync()).toBe(tid);
  expect(b.root().get("thing")).toEqual(new PersistentRef(thing.oid, THING));
  expect(b.get(thing.oid)).toMatchObject({ serial: tid, state: "first" });
});

test("aborted changes are gone", () => {
  const { a } = pair();
  a.root().set("x", 1);
  expect(a.isChanged()).toBe(true);
  expect(() => a.sync()).toThrow(expect.objectContaining({ code: "ESTATE" }));
  a.abort();
  expect([a.isChanged(), a.root().get("x")]).toEqual([false, undefined]);
});

test("a connection to the past shows it and cannot commit", () => {
  const { a } = pair();
  a.root().set("x", 1);
  const first = a.commit();
  a.root().set("x", 2);
  a.commit();

  const past = Connection.open(a.storage, { at: first });
  expect(past.root().get("x")).toBe(1);
  past.root().set("x", 3);
  expect(() => past.commit()).toThrow(expect.objectContaining({ code: "EREADONLY" }));
  expect(a.root().get("x")).toBe(2);
});

test("the slower of two changes of an object is a conflict, and succeeds when done again", () => {
  const { a, b } = pair();
  a.root().set("x", "a");
  b.root().set("x", "b");
  const first = a.commit();
  const error = failure(() => b.commit());
  expect(error).toMatchObject({ code: "ECONFLICT", oid: 0n, current: first });
  expect(isRetryable(error)).toBe(true);

  b.sync();
  expect(b.root().get("x")).toBe("a");
  b.root().set("x", "b");
  expect(b.commit()).toBeGreaterThan(first);
});

test("deleted objects are absent from then on", () => {
  const { a } = pair();
  const { oid } = a.create(THING, 1);
  const before = a.commit();
  a.delete(oid);
  a.commit();
  expect(() => a.get(oid).state).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
  expect(Connection.open(a.storage, { at: before }).get(oid).state).toBe(1);
});

test("trees keep what was put into them over many transactions", () => {
  const { a, b } = pair();
  const next = random(3);
  const tree = a.createBTree({ ...LO, maxLeaf: 6, maxInternal: 6 });
  a.root().set("tree", a.refTo(tree));
  const expected = new Map<bigint, number>();
  for (let round = 0; round < 60; round++) {
    const aborted = round % 7 === 3;
    const model = aborted ? new Map(expected) : expected;
    for (let i = 0; i < 40; i++) {
      const key = BigInt(next(600)) - 100n;
      if (round % 5 >= 3) expect(tree.delete(key)).toBe(model.delete(key));
      else tree.set(key, model.set(key, round).get(key) ?? null);
    }
    if (aborted && round > 0) a.abort();
    else a.commit();
  }
  b.sync();
  const oid = (b.root().get("tree") as PersistentRef).oid;
  const read = b.btree(oid, LO);
  expect([...read]).toEqual([...expected].sort(([x], [y]) => Number(x - y)));
  expect(checkBTree(read)).toEqual([]);
  expect(a.btree(oid, tree.flavour)).toBe(tree);
  expect(() => a.btree(oid, OO)).toThrow(expect.objectContaining({ code: "ESTATE" }));
});

test("a bucket is stored inside its tree until there is a second one", () => {
  const { a } = pair();
  const tree = a.createBTree(BLOCKS);
  a.root().set("tree", a.refTo(tree));
  const { oid } = a.refTo(tree);
  const stores = (): number => [...([...a.storage.iterate()].at(-1)?.records ?? [])].length;
  a.commit();
  expect(a.get(oid).state).toBeNull();
  for (let key = 0; key < 60; key++) tree.set(key, key);
  a.commit();
  expect([stores(), (a.get(oid).state as unknown[]).length]).toEqual([1, 1]);
  tree.set(60, 60);
  a.commit();
  expect([stores(), (a.get(oid).state as unknown[]).length]).toEqual([3, 2]);
  tree.set(5, 55);
  a.commit();
  expect(stores()).toBe(1);
});

/** A tree of 200 keys that both connections see. */
function sharedTree(keys = 200) {
  const { a, b } = pair();
  const treeA = a.createBTree(LO);
  for (let key = 0n; key < keys; key++) treeA.set(key * 10n, 0);
  a.root().set("tree", a.refTo(treeA));
  a.commit();
  b.sync();
  return { a, b, treeA, treeB: b.btree(a.refTo(treeA).oid, LO) };
}

test.each([200, 20])("changes of different keys of one bucket are merged, in a tree of %i keys", (keys) => {
  const { a, b, treeA, treeB } = sharedTree(keys);
  treeA.set(13n, "a");
  treeA.delete(20n);
  treeB.set(17n, "b");
  treeB.set(30n, "b");
  a.commit();
  b.commit();
  a.sync();
  expect([treeA.get(13n), treeA.get(17n), treeA.get(20n), treeA.get(30n)]).toEqual(["a", "b", undefined, "b"]);
  expect([...treeA]).toEqual([...treeB]);
  expect(checkBTree(treeA)).toEqual([]);
});

test("changes of one key conflict", () => {
  const { a, b, treeA, treeB } = sharedTree();
  treeA.set(13n, "a");
  treeB.set(13n, "b");
  a.commit();
  expect(isRetryable(failure(() => b.commit()))).toBe(true);
});

test.each([
  ["ECONFLICT", "that was split meanwhile", 5n],
  ["EREADCONFLICT", "of a tree that has another shape meanwhile", 1985n],
])("%s: a key is not put into a bucket %s", (code, _, key) => {
  const { a, b, treeA, treeB } = sharedTree();
  for (let each = 1n; each < 100n; each++) treeA.set(each, "a");
  treeB.set(key, "b");
  a.commit();
  const error = failure(() => b.commit());
  expect(error).toMatchObject({ code });
  expect(isRetryable(error)).toBe(true);
});

function failure(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}
