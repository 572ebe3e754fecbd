import { randomBytes } from "node:crypto";
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { BLOCKS, Connection, openStorage, transactionMeta } from "@belay/zodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Database } from "../files/database.ts";
import { exportFile } from "./export-file.ts";
import { fileClasses } from "./file-classes.ts";
import { fileLog } from "./file-log.ts";
import { importFile, type ImportOptions, type ImportResult } from "./import-file.ts";
import { listBigFiles } from "./list-files.ts";

let directory: string;
let zurl: string;
let count = 0;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "belay-test-import-"))));
afterAll(() => rmSync(directory, { recursive: true }));

function newDatabase(): void {
  zurl = `file://${join(directory, `${count++}.fs`)}`;
}

function inputOf(content: Uint8Array): string {
  const path = join(directory, `input-${count++}`);
  writeFileSync(path, content);
  return path;
}

function store(content: Uint8Array, options: Partial<ImportOptions> = {}): Promise<ImportResult> {
  return importFile({
    zurl,
    input: inputOf(content),
    placement: { kind: "new" },
    createDatabase: true,
    name: "big",
    blockSize: 64 * 1024,
    ...options,
  });
}

async function content(at?: bigint): Promise<Buffer> {
  await using storage = await openStorage(zurl);
  const database = new Database(storage);
  const [file] = listBigFiles(database, storage.lastTid());
  const output = join(directory, `output-${count++}`);
  await exportFile(database, { file: file?.oid ?? 0n, at: at ?? storage.lastTid(), output });
  return readFileSync(output);
}

function padded(data: Uint8Array, blockSize = 64 * 1024): Buffer {
  return Buffer.concat([data, Buffer.alloc((blockSize - (data.length % blockSize)) % blockSize)]);
}

test("what was imported can be exported, padded with zeros to whole blocks", async () => {
  newDatabase();
  const data = randomBytes(500_000);
  const result = await store(data, { transactionSize: 128 * 1024 });
  expect(result).toMatchObject({ size: 524_288, bytes: 500_000, transactions: 4 });
  expect((await content()).equals(padded(data))).toBe(true);
});

test("blocks of zeros are not stored, but the size is kept", async () => {
  newDatabase();
  const data = Buffer.alloc(640_000);
  data.fill(7, 70_000, 70_010);
  const { size } = await store(data);
  await using storage = await openStorage(zurl);
  const [file] = listBigFiles(new Database(storage), storage.lastTid());
  expect(file).toMatchObject({ names: ["big"], size, blocks: 2, blksize: 65_536 });
  expect((await content()).equals(padded(data))).toBe(true);
});

test("a database is neither written over with what is exported from it, nor imported into itself", async () => {
  newDatabase();
  await store(Buffer.from("content"));
  const path = zurl.slice("file://".length);
  const before = readFileSync(path);
  const link = join(directory, `link-${count++}`);
  linkSync(path, link);
  await using storage = await openStorage(zurl);
  const database = new Database(storage);
  const [file] = listBigFiles(database, storage.lastTid());
  for (const output of [path, link, `${path}.lock`]) {
    const done = exportFile(database, { file: file?.oid ?? 0n, at: storage.lastTid(), output });
    await expect(done, output).rejects.toMatchObject({ code: "EUSAGE" });
  }
  const imported = importFile({ zurl, input: link, placement: { kind: "new" }, name: "self" });
  await expect(imported).rejects.toMatchObject({ code: "EUSAGE" });
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a database that is not there is only made when that is asked for, and nothing is left beside it", async () => {
  newDatabase();
  await expect(store(Buffer.from("x"), { createDatabase: false })).rejects.toMatchObject({ code: "ENOENT" });
  const name = basename(zurl);
  expect(readdirSync(directory).filter((entry) => entry.startsWith(name))).toEqual([]);
});

test("a file that is exported has no name before it is complete, and then replaces the one that had it", async () => {
  newDatabase();
  const data = randomBytes(300_000);
  await store(data);
  await using storage = await openStorage(zurl);
  const database = new Database(storage);
  const [file] = listBigFiles(database, storage.lastTid());
  const folder = mkdtempSync(join(directory, "exports-"));
  const output = join(folder, "output");
  const seen: string[][] = [];
  for (const before of [[], ["output"]]) {
    const onProgress = () => void seen.push(readdirSync(folder));
    await exportFile(database, { file: file?.oid ?? 0n, at: storage.lastTid(), output, onProgress });
    expect(new Set(seen.splice(0).map(String))).toEqual(new Set([String(before)]));
    expect(readFileSync(output).equals(padded(data))).toBe(true);
    expect(readdirSync(folder)).toEqual(["output"]);
    writeFileSync(output, "what was there before");
  }
  await expect(
    exportFile(database, { file: 77_777n, at: storage.lastTid(), output }),
    "a failure leaves what was there",
  ).rejects.toThrow();
  expect(readFileSync(output, "utf8")).toBe("what was there before");
  expect(readdirSync(folder)).toEqual(["output"]);
});

test("what would make a file whose bytes cannot be counted is refused", async () => {
  newDatabase();
  await store(Buffer.from("content"));
  const offset = Number.MAX_SAFE_INTEGER - 10;
  await expect(store(Buffer.from("far"), { placement: { kind: "offset", offset } })).rejects.toMatchObject({
    code: "EFBIG",
  });
  expect((await content()).length).toBe(65_536);
});

test("a name that is taken is refused unless it is said what to do", async () => {
  newDatabase();
  await store(Buffer.from("first"));
  await expect(store(Buffer.from("second"))).rejects.toMatchObject({ code: "EEXISTS" });
});

test("appending starts after the last block, writing over at any byte", async () => {
  newDatabase();
  const first = randomBytes(100_000);
  const { tid } = await store(first);
  await store(Buffer.from("appended"), { placement: { kind: "append" } });
  await store(randomBytes(0), { placement: { kind: "append" } });
  const patch = randomBytes(70_000);
  await store(patch, { placement: { kind: "offset", offset: 60_001 } });

  const expected = Buffer.concat([padded(first), padded(Buffer.from("appended"))]);
  patch.copy(expected, 60_001);
  expect((await content()).equals(expected)).toBe(true);
  expect((await content(tid)).equals(padded(first))).toBe(true);
});

test("an interrupted import goes on where it stopped", async () => {
  newDatabase();
  const data = randomBytes(400_000);
  const interrupted = new AbortController();
  const input = inputOf(data);
  const options = { input, transactionSize: 64 * 1024 };
  const run = store(data, {
    ...options,
    signal: interrupted.signal,
    onCommit: ({ done }) => done >= 131_072 && interrupted.abort(),
  });
  await expect(run).rejects.toThrow();

  const result = await store(data, { ...options, placement: { kind: "resume" } });
  expect(result.bytes).toBe(400_000 - 131_072);
  expect((await content()).equals(padded(data))).toBe(true);
  // Once more: there is nothing left to do.
  expect(await store(data, { ...options, placement: { kind: "resume" } })).toMatchObject({ bytes: 0, transactions: 0 });
});

test("resuming with another input is refused", async () => {
  newDatabase();
  await store(randomBytes(200_000));
  await expect(store(randomBytes(300_000), { placement: { kind: "resume" } })).rejects.toMatchObject({
    code: "ERESUME",
  });
});

test("the log tells each transaction's blocks, newest first", async () => {
  newDatabase();
  const created = await store(randomBytes(200_000));
  const patched = await store(Buffer.from("x"), { placement: { kind: "offset", offset: 70_000 } });
  const grown = await store(Buffer.from("y"), { placement: { kind: "append" } });
  await using storage = await openStorage(zurl);
  const log = [...fileLog(new Database(storage), created.oid, storage.lastTid())];
  expect(log.map(({ tid, blocks, epoch }) => ({ tid, blocks, epoch }))).toEqual([
    { tid: grown.tid, blocks: [4], epoch: false },
    { tid: patched.tid, blocks: [1], epoch: false },
    { tid: created.tid, blocks: [0, 1, 2, 3], epoch: true },
  ]);
  expect(log[0]?.description).toContain("belay wcfs import");
});

test("big files whose oids lie far apart, as a demo storage gives them, are found", async () => {
  newDatabase();
  const base = zurl;
  await store(randomBytes(10), { name: "base" });
  newDatabase();
  const changes = zurl;
  zurl = `demo:(${base})/(${changes})`;
  await using made = await openStorage(changes, { readOnly: false, create: true });
  await made[Symbol.asyncDispose]();
  await store(randomBytes(20), { name: "far", createDatabase: false });
  await using storage = await openStorage(zurl);
  const names = [...listBigFiles(new Database(storage), storage.lastTid())].flatMap((file) => file.names);
  expect(names.toSorted()).toEqual(["base", "far"]);
  expect(storage.maxOid()).toBeGreaterThan(2n ** 40n);
});

test("a big file that cannot be opened does not hide the others, and one of enormous blocks can be exported", async () => {
  newDatabase();
  await store(Buffer.from("good"), { name: "good" });
  {
    await using storage = await openStorage(zurl, { readOnly: false });
    const connection = Connection.open(storage);
    for (const [name, blockSize] of [
      ["bad", -5],
      ["empty", 2 ** 45],
    ] as const) {
      const table = connection.refTo(connection.createBTree(BLOCKS));
      connection.root().set(name, connection.create(fileClasses.file, [blockSize, table]).ref);
    }
    connection.commit(transactionMeta());
  }
  await using storage = await openStorage(zurl);
  const database = new Database(storage);
  const damaged: unknown[] = [];
  const files = [...listBigFiles(database, storage.lastTid(), (_oid, error) => damaged.push(error))];
  expect(files.flatMap(({ names }) => names)).toEqual(["good", "empty"]);
  expect(damaged).toMatchObject([{ code: "EMALFORMED" }]);
  expect(() => [...listBigFiles(database, storage.lastTid())]).toThrow(/^ZBigFile [0-9a-f]{16}: /);
  const output = join(directory, `output-${count++}`);
  const exported = exportFile(database, { file: files[1]?.oid ?? 0n, at: storage.lastTid(), output });
  expect(await exported).toEqual({ bytes: 0 });
});

test("blocks larger than what is written at a time are exported whole", async () => {
  newDatabase();
  const data = randomBytes(9_000_000);
  await store(data, { blockSize: 5_000_001 });
  expect((await content()).equals(padded(data, 5_000_001))).toBe(true);
});
