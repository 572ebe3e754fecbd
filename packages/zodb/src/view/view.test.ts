import { expect, test } from "vitest";
import { openMemoryStorage } from "../memory/memory-storage.ts";
import type { MemoryStorage } from "../memory/memory-storage.ts";
import { encodeRecord } from "../pickle/writer.ts";
import type { PickleValue } from "../pickle/values.ts";
import { transactionMeta } from "../storage.ts";
import type { Storage } from "../storage.ts";
import { footprint, RecordCache } from "./record-cache.ts";
import { View } from "./view.ts";

const THING = { module: "app", name: "Thing" };

function commit(storage: Storage, oid: bigint, state: PickleValue | undefined): bigint {
  const transaction = storage.begin(transactionMeta());
  const previous = new View(storage).load(oid)?.serial ?? 0n;
  transaction.store(oid, previous, state === undefined ? undefined : encodeRecord(THING, state));
  transaction.vote();
  return transaction.finish();
}

function counted(storage: MemoryStorage): { storage: MemoryStorage; loads: () => number } {
  let loads = 0;
  const load = storage.loadBefore.bind(storage);
  storage.loadBefore = (oid, before) => {
    loads++;
    return load(oid, before);
  };
  return { storage, loads: () => loads };
}

const open = (): MemoryStorage => openMemoryStorage(`view-test-${crypto.randomUUID()}`);

test("a view shows each object as of its moment", () => {
  const storage = open();
  const tids = ["a", "b", undefined].map((state) => commit(storage, 5n, state));
  const [a, b, gone] = tids as [bigint, bigint, bigint];
  commit(storage, 6n, "other");
  expect(new View(storage, a).load(5n)).toMatchObject({ serial: a, record: { state: "a" } });
  expect(new View(storage, b).load(5n)).toMatchObject({ serial: b, record: { state: "b" } });
  expect(new View(storage, b, new RecordCache()).get(5n).next).toBe(gone);
  for (const [at, oid] of [
    [a - 1n, 5n],
    [gone, 5n],
    [gone, 7n],
    [gone, 6n],
  ] as const) {
    expect(new View(storage, at).load(oid)).toBeUndefined();
  }
  expect(() => new View(storage, gone).get(5n)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
  expect(() => new View(storage, storage.lastTid() + 1n)).toThrow(expect.objectContaining({ code: "ESTATE" }));
});

test("views share decoded records, also over commits that do not touch them", () => {
  const { storage, loads } = counted(open());
  const first = commit(storage, 1n, "one");
  const before = loads();
  const record = new View(storage).get(1n).record;
  expect(new View(storage).get(1n).record).toBe(record);
  expect(loads()).toBe(before + 1);

  const second = commit(storage, 2n, "two");
  expect(new View(storage).get(1n).record).toBe(record);
  const third = commit(storage, 1n, "three");
  expect(new View(storage).get(1n)).toMatchObject({ serial: third, next: undefined });
  expect(new View(storage, second).get(1n)).toMatchObject({ serial: first, record });
  expect(new View(storage, second).get(1n).record).toBe(record);
});

test("a storage that can locate records is not read again for what is cached", () => {
  const { storage, loads } = counted(open());
  const located = Object.assign(storage, {
    locateBefore: (oid: bigint, before: bigint) => {
      const revisions = storage.history(oid, 100).filter(({ serial }) => serial < before);
      const [newest] = revisions;
      return newest && { serial: newest.serial, next: undefined, fd: -1, offset: 0, length: newest.size };
    },
  });
  commit(located, 1n, "one");
  const { record } = new View(located).get(1n);
  commit(located, 2n, "two");
  const before = loads();
  expect(new View(located).get(1n).record).toBe(record);
  expect(loads()).toBe(before);
});

test("the cache keeps what is used and stays within its bound", () => {
  const cache = new RecordCache(100 * 1000);
  const record = { class: { ...THING, args: undefined, persistentClass: undefined }, state: null };
  const revision = { serial: 1n, next: undefined, currentUntil: 9n, record, bytes: 1000 };
  cache.add(0n, revision);
  for (let oid = 1n; oid < 1000n; oid++) {
    cache.add(oid, { ...revision });
    expect(cache.at(0n, 5n)).toBeDefined();
  }
  const kept = Array.from({ length: 1000 }, (_, oid) => cache.bySerial(BigInt(oid), 1n)).filter(Boolean).length;
  expect(kept).toBeGreaterThan(40);
  expect(kept).toBeLessThanOrEqual(101);
  expect(cache.at(999n, 10n)).toBeUndefined();
});

test("byte strings count as what they are, other values as more", () => {
  const bytes = { class: { ...THING, args: undefined, persistentClass: undefined }, state: new Uint8Array(10_000) };
  expect(footprint(bytes, 10_050)).toBeLessThan(11_000);
  expect(footprint({ ...bytes, state: [] }, 10_050)).toBeGreaterThan(50_000);
});
