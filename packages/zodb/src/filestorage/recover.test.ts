import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatTid } from "../ids/tid.ts";
import { transactionMeta } from "../storage.ts";
import { havePython, pythonJson } from "../testing/python.ts";
import { openFileStorage } from "./open.ts";
import { script, temporaryDirectory } from "./testing/python-database.ts";

interface Outcome {
  readonly readOnly: string;
  readonly writing: string;
  readonly file: string;
  readonly saved: readonly string[];
}

test.runIf(havePython)(
  "whatever a crash leaves is seen, cut off and saved as Python does",
  { timeout: 120_000 },
  async () => {
    using dir = temporaryDirectory();
    const { file, last } = await smallDatabase(dir.file("Data.fs"));
    const [ours, theirs] = [dir.file("ours"), dir.file("theirs")];
    mkdirSync(ours);
    for (const [name, bytes] of variants(file, last)) writeFileSync(join(ours, name), bytes);
    cpSync(ours, theirs, { recursive: true });
    const expected = pythonJson(script("tails.py"), { args: [theirs] }) as Record<string, Outcome>;
    const outcomes: Record<string, Outcome> = {};
    for (const name of readdirSync(ours)) outcomes[name] = await openBoth(join(ours, name));
    expect(outcomes).toEqual(expected);
    const all = Object.values(expected);
    expect(all.filter(({ saved }) => saved.length > 0).length).toBeGreaterThan(200);
    expect(all.filter(({ writing }) => writing === "error").length).toBeGreaterThan(3);
  },
);

test("a reader is told when finished transactions cannot be reached, and only then", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  const { file, last } = await smallDatabase(path);
  const open = async (bytes: Buffer) => {
    writeFileSync(path, bytes);
    rmSync(`${path}.index`, { force: true });
    const warnings: string[] = [];
    await using storage = await openFileStorage(path, { onWarning: (text) => warnings.push(text) });
    return { head: storage.lastTid(), warnings };
  };
  const whole = await open(file);
  expect(whole.warnings).toEqual([]);
  expect((await open(file.subarray(0, -3))).warnings).toEqual([]);
  const lengthened = Buffer.from(file);
  // The length of the first transaction: beyond the end of the file.
  lengthened[4 + 8 + 4] = 1;
  const damaged = await open(lengthened);
  expect(damaged.head).toBe(0n);
  expect(damaged.warnings).toEqual([
    expect.stringContaining("Data.fs is damaged at offset 4: transactions after 0000000000000000"),
  ]);
  await expect(openFileStorage(path, { readOnly: false })).rejects.toMatchObject({ code: "EDAMAGED" });
  expect(last).toBeGreaterThan(4);
});

test("a database of Python 2 is read, followed and written, and stays one", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  const { file } = await smallDatabase(path);
  file.write("FS21");
  writeFileSync(path, file);
  await using reader = await openFileStorage(path);
  const before = reader.lastTid();
  {
    await using storage = await openFileStorage(path, { readOnly: false });
    const txn = storage.begin(transactionMeta());
    txn.store(9n, 0n, Buffer.from("new"));
    txn.finish();
  }
  reader.poll();
  expect(reader.lastTid()).toBeGreaterThan(before);
  expect(readFileSync(path, "latin1").slice(0, 4)).toBe("FS21");
  await using again = await openFileStorage(path);
  expect(again.lastTid()).toBe(reader.lastTid());
});

/** Three transactions; `last` is where the last one starts. */
async function smallDatabase(path: string): Promise<{ file: Buffer; last: number }> {
  let last = 0;
  {
    await using storage = await openFileStorage(path, { readOnly: false, create: true });
    for (const serial of [0n, 1n, 2n]) {
      last = storage.generation.pos;
      const txn = storage.begin(transactionMeta({ user: "somebody", description: `number ${serial}` }));
      txn.store(0n, serial === 0n ? 0n : storage.lastTid(), Buffer.from("root object"));
      txn.store(serial + 1n, 0n, Buffer.alloc(60, 7));
      txn.finish();
    }
  }
  return { file: readFileSync(path), last };
}

function* variants(file: Buffer, last: number): Generator<[string, Buffer]> {
  const before = file.subarray(0, last);
  const changed = (at: number, ...bytes: number[]) => {
    const copy = Buffer.from(file);
    copy.set(bytes, at);
    return copy;
  };
  for (let size = last; size <= file.length; size++) yield [`cut-${size}`, file.subarray(0, size)];
  yield ["voted", changed(last + 16, 0x63)];
  for (let size = last + 23; size < file.length; size += 11) {
    yield [`voted-${size}`, changed(last + 16, 0x63).subarray(0, size)];
  }
  for (const size of [1, 22, 23, 24, 31, 100, 5000])
    yield [`zeros-${size}`, Buffer.concat([before, Buffer.alloc(size)])];
  for (const size of [22, 23, 64, 5000]) yield [`junk-${size}`, Buffer.concat([before, Buffer.alloc(size, "A")])];
  // Zeros in the middle of the file: a sound transaction follows.
  yield ["zeroed-header", changed(last, ...Buffer.alloc(23))];
  yield ["zeroed-length", changed(last + 8, ...Buffer.alloc(8))];
  yield ["wrong-trailer", changed(file.length - 1, 1)];
  yield ["wrong-record-length", changed(last + 23 + 16 + 34 + 7, 99)];
  yield ["wrong-transaction-of-record", changed(last + 23 + 16 + 31, 5)];
  yield ["longer-than-the-file", changed(last + 14, 1)];
}

async function openBoth(path: string): Promise<Outcome> {
  const readOnly = await head(path, true);
  const writing = await head(path, false);
  const saved = [0, 1, 2].map((n) => `${path}.tr${n}`).filter((name) => existsSync(name));
  return { readOnly, writing, file: sha1(path), saved: saved.map(sha1) };
}

async function head(path: string, readOnly: boolean): Promise<string> {
  try {
    await using storage = await openFileStorage(path, { readOnly });
    return formatTid(storage.lastTid());
  } catch (error) {
    expect(error).toMatchObject({ code: "EDAMAGED" });
    return "error";
  }
}

function sha1(path: string): string {
  return createHash("sha1").update(readFileSync(path)).digest("hex");
}
