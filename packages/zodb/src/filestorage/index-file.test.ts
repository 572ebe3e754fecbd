import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, afterAll } from "vitest";
import { ZodbError } from "../errors/zodb-error.ts";
import { MAX_TID } from "../ids/tid.ts";
import { havePython, python, pythonJson } from "../testing/python.ts";
import type { FileStorage } from "./file-storage.ts";
import { writeIndexFile } from "./index-file.ts";
import { recordsOf, transactionsFrom } from "./iterate.ts";
import { OidIndex } from "./oid-index.ts";
import { openFileStorage } from "./open.ts";
import { makeRich, temporaryDirectory } from "./testing/python-database.ts";

function loadOrCode(storage: FileStorage, oid: bigint): string {
  try {
    return Buffer.from(storage.loadBefore(oid, MAX_TID)?.data ?? []).toString("hex");
  } catch (error) {
    if (error instanceof ZodbError) return error.code;
    throw error;
  }
}

interface Place {
  readonly oid: bigint;
  readonly offset: number;
}

/** All records in the order of the file. */
function recordsIn({ generation }: FileStorage): Place[] {
  return [...transactionsFrom(generation, 4)].flatMap((transaction) => [
    ...recordsOf(generation.path, generation.fd, transaction),
  ]);
}

describe.runIf(havePython)("an index file", () => {
  const dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  const index = dir.file("Data.fs.index");
  let good: Buffer;
  let entries: [bigint, number][];

  beforeAll(async () => {
    makeRich(path, { tree: 2000, pack: true });
    good = readFileSync(index);
    rmSync(index);
    await using storage = await openFileStorage(path);
    expect(storage.generation.indexState).toBe("missing");
    entries = [...storage.generation.index.entries()];
  });

  afterAll(() => dir[Symbol.dispose]());

  async function openWith(bytes: Buffer): Promise<FileStorage["generation"]["indexState"]> {
    writeFileSync(index, bytes);
    await using storage = await openFileStorage(path);
    expect([...storage.generation.index.entries()]).toEqual(entries);
    return storage.generation.indexState;
  }

  test("of Python is used when it is of this state of the file", async () => {
    expect(await openWith(good)).toBe("current");
  });

  test("that is too old is used, and the rest scanned", async () => {
    const other = dir.file("grown.fs");
    copyFileSync(path, other);
    writeFileSync(`${other}.index`, good);
    {
      await using writer = await openFileStorage(other, { readOnly: false });
      const txn = writer.begin({ user: new Uint8Array(), description: new Uint8Array(), extension: new Uint8Array() });
      txn.store(writer.newOid(), 0n, Buffer.from("something"));
      txn.finish();
    }
    writeFileSync(`${other}.index`, good);
    await using storage = await openFileStorage(other);
    expect(storage.generation.indexState).toBe("stale");
    expect(storage.generation.index.size).toBe(entries.length + 1);
  });

  test("that is ahead of the file is not used", async () => {
    const other = dir.file("short.fs");
    copyFileSync(path, other);
    writeFileSync(`${other}.index`, good);
    await using whole = await openFileStorage(path);
    const [last] = [...whole.iterateBackwards()];
    truncateSync(other, whole.generation.pos - 20);
    await using storage = await openFileStorage(other);
    expect(storage.generation.indexState).toBe("unusable");
    expect(storage.lastTid()).toBeLessThan(last?.tid ?? 0n);
  });

  test("that is damaged anywhere never gives an object the data of another", async () => {
    const states = new Set<string>();
    await using sound = await openFileStorage(path);
    for (let at = 0; at < 60; at++) {
      const bytes = Buffer.from(good);
      const place = Math.floor((at / 60) * bytes.length);
      bytes.writeUInt8(bytes.readUInt8(place) ^ 0xff, place);
      writeFileSync(index, bytes);
      await using storage = await openFileStorage(path);
      states.add(storage.generation.indexState);
      for (const [oid] of entries)
        expect(loadOrCode(storage, oid)).toBeOneOf([loadOrCode(sound, oid), "EDAMAGED", "EPOSKEY"]);
    }
    for (const length of [0, 1, 5, 30, good.length - 1]) {
      expect(await openWith(good.subarray(0, length))).toBe("unusable");
    }
    expect(states.has("unusable")).toBe(true);
  });

  // The pickles are sound and the length is that of the file: only the records tell.
  test.each<[what: string, change: (found: OidIndex, records: readonly Place[]) => void]>([
    [
      "that has objects where others are",
      (found, records) => {
        // Those the last transactions did not touch.
        const old = entries.filter(([, offset]) => offset < (records.at(-200)?.offset ?? 0));
        old.forEach(([, offset], i) => found.set(old[(i + 1) % old.length]?.[0] ?? 0n, offset));
      },
    ],
    [
      "that lacks what the last transaction changed",
      (found, records) => {
        const [last] = records.slice(-1);
        const before = records.findLast(({ oid, offset }) => oid === last?.oid && offset < last.offset);
        found.set(last?.oid ?? 0n, before?.offset ?? 0);
      },
    ],
  ])("%s is not used", async (_what, change) => {
    await using sound = await openFileStorage(path);
    const { pos } = sound.generation;
    const found = new OidIndex();
    for (const [oid, offset] of entries) found.set(oid, offset);
    change(found, recordsIn(sound));
    writeIndexFile(path, "FS30", { pos, index: found });
    expect(await openWith(readFileSync(index))).toBe("unusable");
  });

  test("in the old form of one dictionary is not used", async () => {
    const old = python(
      "import pickle, sys; sys.stdout.buffer.write(pickle.dumps({'pos': 1000, 'index': {b'x' * 8: 5}}, 1))",
    );
    expect(await openWith(old)).toBe("unusable");
  });

  test("of Python 2 is used", async () => {
    // The same pickles with the strings of protocol 1.
    const script = `
import sys, struct
from ZODB.fsIndex import fsIndex
data = fsIndex.load(sys.argv[1])
from collections import defaultdict
pages = defaultdict(list)
for oid, pos in data["index"].items():
    pages[oid[:6]].append((oid[6:], struct.pack(">Q", pos)[2:]))
w = sys.stdout.buffer.write
w(b"J" + struct.pack("<i", data["pos"]) + b".")
for prefix, items in sorted(pages.items()):
    body = b"".join(s for s, p in items) + b"".join(p for s, p in items)
    w(b"(U\\x06" + prefix + b"q\\x00T" + struct.pack("<i", len(body)) + body + b"r\\x01\\x00\\x00\\x00tq\\x02.")
w(b"N.")
`;
    writeFileSync(index, good);
    expect(await openWith(python(script, { args: [index] }))).toBe("current");
  });

  test("of ours is what Python would have written", async () => {
    writeFileSync(index, "nonsense");
    await using storage = await openFileStorage(path, { readOnly: false });
    await storage[Symbol.asyncDispose]();
    const script = `
import sys, json
from ZODB.fsIndex import fsIndex
data = fsIndex.load(sys.argv[1])
print(json.dumps([data["pos"], [[k.hex(), v] for k, v in data["index"].items()]]))
`;
    const read = (bytes: Buffer) => {
      writeFileSync(dir.file("copy.index"), bytes);
      return pythonJson(script, { args: [dir.file("copy.index")] });
    };
    expect(read(readFileSync(index))).toEqual(read(good));
    expect(await openWith(readFileSync(index))).toBe("current");
  });
});
