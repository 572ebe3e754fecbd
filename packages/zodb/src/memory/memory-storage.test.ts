import { expect, test } from "vitest";
import { MAX_TID, tidFromUnixNs } from "../ids/tid.ts";
import { transactionMeta } from "../storage.ts";
import type { Storage } from "../storage.ts";
import { openMemoryStorage } from "./memory-storage.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function commit(storage: Storage, ...stores: [oid: bigint, prev: bigint, data: string | undefined][]): bigint {
  const transaction = storage.begin(transactionMeta({ user: "u", description: "d" }));
  for (const [oid, prev, data] of stores) transaction.store(oid, prev, data === undefined ? undefined : bytes(data));
  transaction.vote();
  return transaction.finish();
}

const unique = (): string => `memory-test-${crypto.randomUUID()}`;

test("revisions are found by moment", async () => {
  await using storage = openMemoryStorage(unique());
  expect(storage.lastTid()).toBe(0n);
  const a = commit(storage, [1n, 0n, "a"]);
  const b = commit(storage, [1n, a, "b"], [2n, 0n, "x"]);
  const c = commit(storage, [1n, b, undefined]);
  expect(storage.loadBefore(1n, a)).toBeUndefined();
  expect(storage.loadBefore(1n, b)).toEqual({ serial: a, next: b, data: bytes("a") });
  expect(storage.loadBefore(1n, c)).toEqual({ serial: b, next: c, data: bytes("b") });
  expect(storage.loadBefore(2n, MAX_TID)).toEqual({ serial: b, next: undefined, data: bytes("x") });
  for (const oid of [1n, 9n])
    expect(() => storage.loadBefore(oid, MAX_TID)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
  expect(storage.loadSerial(1n, b)).toEqual(bytes("b"));
  expect(() => storage.loadSerial(1n, c)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
  expect(storage.history(1n, 2).map(({ serial, size }) => [serial, size])).toEqual([
    [c, 0],
    [b, 1],
  ]);
  expect([...storage.iterate(b, b)].map(({ tid, records }) => [tid, [...records].map(({ oid }) => oid)])).toEqual([
    [b, [1n, 2n]],
  ]);
  expect(storage.newOid()).toBe(3n);
});

test("what another storage commits shows after poll, in order", async () => {
  const name = unique();
  await using a = openMemoryStorage(name);
  await using b = openMemoryStorage(name, { readOnly: true });
  const first = commit(a, [1n, 0n, "a"]);
  const second = commit(a, [1n, first, "b"], [2n, 0n, "x"]);
  expect(() => b.loadBefore(1n, MAX_TID)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
  expect(b.poll()).toEqual([
    { tid: first, oids: [1n] },
    { tid: second, oids: [1n, 2n] },
  ]);
  expect([b.lastTid(), b.poll(), a.poll()]).toEqual([second, [], []]);
  expect(b.loadBefore(1n, MAX_TID)?.serial).toBe(second);
  expect(() => b.begin(transactionMeta())).toThrow(expect.objectContaining({ code: "EREADONLY" }));
  commit(a, [1n, second, "c"]);
  expect(b.loadBefore(1n, MAX_TID)).toEqual({ serial: second, next: undefined, data: bytes("b") });
});

test("a store on top of an old revision is a conflict, and can be repeated on the newest", async () => {
  await using storage = openMemoryStorage(unique());
  const a = commit(storage, [1n, 0n, "a"]);
  const transaction = storage.begin(transactionMeta());
  expect(() => transaction.store(1n, 0n, bytes("b"))).toThrow(
    expect.objectContaining({ code: "ECONFLICT", current: a, tried: 0n }),
  );
  expect(() => transaction.checkCurrentSerial(1n, a - 1n)).toThrow(expect.objectContaining({ code: "EREADCONFLICT" }));
  expect(() => storage.begin(transactionMeta())).toThrow(expect.objectContaining({ code: "ESTATE" }));
  transaction.store(1n, a, bytes("b"));
  transaction.checkCurrentSerial(1n, a);
  const tid = transaction.finish();
  transaction.abort();
  expect(storage.loadBefore(1n, MAX_TID)).toEqual({ serial: tid, next: undefined, data: bytes("b") });
});

test("an aborted transaction leaves nothing", async () => {
  await using storage = openMemoryStorage(unique());
  const transaction = storage.begin(transactionMeta());
  transaction.store(1n, 0n, bytes("a"));
  transaction.abort();
  expect(() => transaction.finish()).toThrow(expect.objectContaining({ code: "ESTATE" }));
  expect([storage.lastTid(), [...storage.iterate()]]).toEqual([0n, []]);
});

test("tids follow the clock given, and stay apart when it stands still", async () => {
  const now = 1_795_247_587_000_000_000n;
  await using storage = openMemoryStorage(unique(), { clock: () => now });
  expect(commit(storage, [1n, 0n, "a"])).toBe(tidFromUnixNs(now));
  expect(commit(storage, [2n, 0n, "a"])).toBe(tidFromUnixNs(now) + 1n);
});

test("a database goes with its last storage", async () => {
  const name = unique();
  const [a, b] = [openMemoryStorage(name), openMemoryStorage(name)];
  commit(a, [1n, 0n, "a"]);
  await a[Symbol.asyncDispose]();
  await a[Symbol.asyncDispose]();
  expect(b.poll().length).toBe(1);
  await b[Symbol.asyncDispose]();
  await using fresh = openMemoryStorage(name);
  expect(fresh.lastTid()).toBe(0n);
});
