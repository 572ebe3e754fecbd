import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFileStorage } from "../filestorage/index.ts";
import { makeRich, pythonContents, temporaryDirectory, type Contents } from "../filestorage/testing/python-database.ts";
import { transactionMeta } from "../storage.ts";
import { havePython, python } from "../testing/python.ts";
import { quote } from "./quote.ts";
import { zodbCheck, zodbDump, zodbInfo, zodbLs } from "./index.ts";

type Command = (io: { out: (data: string | Uint8Array) => Promise<void> }) => Promise<number>;

async function run(command: Command): Promise<{ status: number; out: Buffer; lines: string[] }> {
  const pieces: Buffer[] = [];
  const status = await command({ out: (data) => Promise.resolve(void pieces.push(Buffer.from(data))) });
  const out = Buffer.concat(pieces);
  return { status, out, lines: out.toString("latin1").split("\n").slice(0, -1) };
}

test("any bytes are quoted in one line and come back", () => {
  expect(quote(Buffer.from('a"b\\c\n\t\u00fc\u2028\u0000'))).toBe('"a\\"b\\\\c\\n\\t\u00fc\\xe2\\x80\\xa8\\x00"');
  expect(quote(Buffer.from([0x80, 0xff, 0x41, 0xc3]))).toBe('"\\x80\\xffA\\xc3"');
});

test("a file without a byte is an empty database of that size", async () => {
  using dir = temporaryDirectory();
  writeFileSync(dir.file("empty.fs"), "");
  const { lines } = await run((io) => zodbInfo(dir.file("empty.fs"), {}, io));
  expect(lines).toContain("size=0");
  expect(lines).toContain("transactions=0");
});

test("options that make no sense are refused before the database is looked at", async () => {
  for (const options of [{ minSize: "1k" }, { minSize: "" }, { at: "yesterday" }, { since: "12" }])
    await expect(run((io) => zodbLs("/nonexistent", options, io))).rejects.toMatchObject({ code: "EUSAGE" });
});

describe.runIf(havePython)("of a database made by Python", () => {
  const dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  let theirs: Contents;

  beforeAll(() => {
    makeRich(path, { tree: 500, pack: true });
    theirs = pythonContents(path, 0, 0);
  });

  afterAll(() => dir[Symbol.dispose]());

  test("info tells size, head and numbers", async () => {
    const { status, lines } = await run((io) => zodbInfo(path, {}, io));
    expect(status).toBe(0);
    expect(lines).toContain(`name=${path}`);
    expect(lines).toContain(`size=${readFileSync(path).length}`);
    expect(lines).toContain(`head=${theirs.last}`);
    expect(lines).toContain(`transactions=${theirs.transactions.length}`);
    expect(lines).toContain("magic=FS30");
    expect(lines).toContain("tail=end");
    const json = await run((io) => zodbInfo(path, { json: true }, io));
    expect(JSON.parse(json.out.toString())).toMatchObject({ head: theirs.last, index: "current" });
  });

  test("ls shows what there is, by class, size and time", async () => {
    const all = await run((io) => zodbLs(path, { json: true }, io));
    const objects = all.lines.map(
      (line) => JSON.parse(line) as { oid: string; class: string; size: number; tid: string },
    );
    expect(objects[0]).toMatchObject({ oid: "0000000000000000", class: "persistent.mapping.PersistentMapping" });
    expect(objects.map(({ oid }) => oid)).toEqual(objects.map(({ oid }) => oid).sort());
    const buckets = await run((io) => zodbLs(path, { class: "*.LOBucket" }, io));
    expect(buckets.lines).toHaveLength(objects.filter((o) => o.class === "BTrees.LOBTree.LOBucket").length);
    expect(buckets.lines.length).toBeGreaterThan(5);
    const big = await run((io) => zodbLs(path, { minSize: "1000000" }, io));
    expect(big.lines).toHaveLength(1);
    const early = await run((io) => zodbLs(path, { at: theirs.transactions[3]?.tid ?? "" }, io));
    expect(early.lines.length).toBeLessThan(objects.length);
    const none = await run((io) => zodbLs(path, { since: "2999-01-01" }, io));
    expect(none.lines).toEqual([]);
  });

  test("a dump has all of it, byte for byte", async () => {
    const { status, out } = await run((io) => zodbDump(path, {}, io));
    expect(status).toBe(0);
    expect(parseDump(out)).toEqual(expectedDump(theirs));
    const again = await run((io) => zodbDump(`file://${path}`, {}, io));
    expect(again.out.equals(out)).toBe(true);
  });

  test("a dump of a range of transactions, with digests for the data, has just those", async () => {
    const [from, to] = [theirs.transactions[4]?.tid ?? "", theirs.transactions[9]?.tid ?? ""];
    const { lines } = await run((io) => zodbDump(path, { range: `${from}..${to}`, hashonly: true }, io));
    expect(lines.filter((line) => line.startsWith("txn "))).toEqual(
      theirs.transactions.slice(4, 10).map(({ tid, status }) => `txn ${tid} "${status}"`),
    );
    expect(lines.every((line) => /^(txn|user|description|extension|obj) |^$/.test(line))).toBe(true);
    await expect(run((io) => zodbDump(path, { range: from }, io))).rejects.toMatchObject({ code: "EUSAGE" });
  });

  test("a dump in JSON has the same", async () => {
    const { lines } = await run((io) => zodbDump(path, { json: true }, io));
    const records = lines
      .map((line) => JSON.parse(line) as { oid?: string; data?: string; sha1: string })
      .filter(({ oid }) => oid);
    const withData = records.filter(({ data }) => data !== undefined);
    expect(withData.length).toBeGreaterThan(100);
    for (const { data, sha1 } of withData) expect(digest(Buffer.from(data ?? "", "base64"))).toBe(sha1);
  });

  test("a sound database is found sound", async () => {
    const sound = dir.file("sound.fs");
    python(
      `
import sys, transaction
from BTrees.LOBTree import LOBTree
from ZODB.DB import DB
db = DB(sys.argv[1]); conn = db.open()
conn.root()["t"] = LOBTree({i: i for i in range(5000)})
transaction.commit(); conn.root()["t"][3] = 4; transaction.commit()
db.close()`,
      { args: [sound] },
    );
    const { status, lines } = await run((io) => zodbCheck(sound, { refs: true, btrees: true }, io));
    expect(lines).toEqual([expect.stringMatching(/^problems=0 path=.*sound\.fs size=\d+ transactions=3 /)]);
    expect(status).toBe(0);
    const packed = await run((io) => zodbCheck(path, {}, io));
    expect(packed.lines).toEqual([expect.stringMatching(/^problems=0 /)]);
  });

  test("trees of all kinds that Python has are checked, and those that only Python can order are told", async () => {
    const kinds = dir.file("kinds.fs");
    python(
      `
import sys, transaction, datetime, importlib
from ZODB.DB import DB
db = DB(sys.argv[1]); root = db.open().root()
for kind in "OO OI OL OU OQ IO II IF IU LO LL LF LQ UO UU QO QQ".split():
    module = importlib.import_module("BTrees." + kind + "BTree")
    key = (lambda i: "key%05d" % i) if kind[0] == "O" else (lambda i: i)
    root[kind] = getattr(module, kind + "BTree")({key(i): str(i) if kind[1] == "O" else i for i in range(700)})
    root[kind + "s"] = getattr(module, kind + "TreeSet")(key(i) for i in range(700))
    root[kind + "b"] = getattr(module, kind + "Set")(key(i) for i in range(7))
from BTrees.OOBTree import OOBTree
root["floats"] = OOBTree({i * 0.7: i for i in range(100)})
root["dates"] = OOBTree({datetime.date(2026, 1, 1 + i): i for i in range(20)})
from BTrees.fsBTree import fsBTree
root["fs"] = fsBTree({b"%02d" % i: b"%06d" % i for i in range(50)})
transaction.commit()
db.close()`,
      { args: [kinds] },
    );
    const { status, lines } = await run((io) => zodbCheck(kinds, { refs: true, btrees: true }, io));
    expect(lines).toEqual([expect.stringMatching(/^problems=0 .* unchecked_trees=2$/)]);
    expect(status).toBe(0);
  });

  test("every damaged byte of a header is found, and nothing makes the check fail", async () => {
    const damaged = dir.file("damaged.fs");
    const file = readFileSync(path);
    await using storage = await openFileStorage(path);
    const records = [...storage.generation.index.entries()].map(([, offset]) => offset).slice(0, 40);
    for (const [i, record] of records.entries()) {
      const bytes = Buffer.from(file);
      const at = record + ([0, 8, 16, 24, 32, 34][i % 6] ?? 0) + 1;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
      writeFileSync(damaged, bytes);
      const { status, lines } = await run((io) => zodbCheck(damaged, { refs: true, btrees: true }, io));
      expect([status, lines.at(-1)]).toEqual([1, expect.stringMatching(/^problems=[1-9]/)]);
    }
  });

  test("the rest behind a damaged part is checked", async () => {
    const damaged = dir.file("hole.fs");
    copyFileSync(path, damaged);
    const bytes = readFileSync(path);
    bytes.fill(0, 2000, 6000);
    writeFileSync(damaged, bytes);
    const { status, lines } = await run((io) => zodbCheck(damaged, {}, io));
    expect(status).toBe(1);
    expect(lines.join("\n")).toMatch(/bytes left out/);
    const transactions = Number(/ transactions=(\d+)/.exec(lines.at(-1) ?? "")?.[1]);
    expect(transactions).toBeGreaterThan(theirs.transactions.length / 2);
    expect(transactions).toBeLessThan(theirs.transactions.length);
  });

  test.each([
    ["a length beyond the end of the file", 8, 0x00_00_00_7f_00_00_00_00n],
    ["a length beyond all files", 8, 0xffff_ffff_ffff_ffffn],
    ["the mark of a transaction that is not finished", 16, 0x63_00_00_00_00_00_00_00n],
  ])("%s in the first of many transactions is damage, no tail", async (_what, at, value) => {
    const damaged = dir.file("first.fs");
    const bytes = readFileSync(path);
    bytes.writeBigUInt64BE(value, 4 + at);
    writeFileSync(damaged, bytes);
    const { status, lines } = await run((io) => zodbCheck(damaged, {}, io));
    expect(status).toBe(1);
    expect(lines.at(-1)).not.toContain("tail=");
    await expect(openFileStorage(damaged, { readOnly: false })).rejects.toMatchObject({ code: "EDAMAGED" });
    expect(readFileSync(damaged).equals(bytes)).toBe(true);
  });
});

test("references that lead nowhere are found", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  {
    await using storage = await openFileStorage(path, { readOnly: false, create: true });
    const txn = storage.begin(transactionMeta());
    txn.store(
      0n,
      0n,
      Buffer.from(
        "\x80\x03cpersistent.mapping\nPersistentMapping\n.\x80\x03C\x08\0\0\0\0\0\0\0\x07ca\nB\n\x86Q.",
        "latin1",
      ),
    );
    txn.finish();
  }
  const { status, lines } = await run((io) => zodbCheck(path, { refs: true }, io));
  expect(status).toBe(1);
  expect(lines[0]).toBe(
    "object 0000000000000000 (persistent.mapping.PersistentMapping) refers to 0000000000000007 (a.B), which does not exist",
  );
});

test("what a crash left behind the newest transaction is told, and is no problem", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  {
    await using storage = await openFileStorage(path, { readOnly: false, create: true });
    const txn = storage.begin(transactionMeta());
    txn.store(0n, 0n, Buffer.from("x"));
    txn.finish();
  }
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(60)]));
  const { status, lines } = await run((io) => zodbCheck(path, {}, io));
  expect([status, lines]).toEqual([0, [expect.stringContaining("tail=60 bytes")]]);
});

type Dumped = [txn: string, objects: string[]];

/** Reads the text form back; data is checked against its digest. */
function parseDump(dump: Buffer): Dumped[] {
  const transactions: Dumped[] = [];
  for (let at = 0; at < dump.length;) {
    const end = dump.indexOf(10, at);
    const line = dump.toString("utf8", at, end);
    at = end + 1;
    const [word, oid = "", size = "", sha1 = ""] = line.split(" ");
    if (word === "txn") transactions.push([line, []]);
    if (word !== "obj") continue;
    transactions.at(-1)?.[1].push([oid, size === "delete" || size === "from" ? size : sha1.slice(5)].join(" "));
    if (size === "delete" || size === "from") continue;
    const data = dump.subarray(at, at + Number(size));
    expect(digest(data)).toBe(sha1.slice(5));
    expect(dump[at + data.length]).toBe(10);
    at += data.length + 1;
  }
  return transactions;
}

function expectedDump(contents: Contents): Dumped[] {
  return contents.transactions.map(({ tid, status, records }) => {
    const last = new Map(
      records.map(([oid, , sha1, dataTid]) => [oid, sha1 === null ? "delete" : dataTid === null ? sha1 : "from"]),
    );
    return [`txn ${tid} "${status}"`, [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map((entry) => entry.join(" "))];
  });
}

function digest(data: Uint8Array): string {
  return createHash("sha1").update(data).digest("hex");
}
