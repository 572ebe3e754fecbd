import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatTid } from "../ids/tid.ts";
import { transactionMeta } from "../storage.ts";
import { havePython, pythonJson } from "../testing/python.ts";
import { openFileStorage } from "./open.ts";
import { crashVariants, smallDatabase } from "./testing/crash-variants.ts";
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
    for (const [name, bytes] of crashVariants(file, last)) writeFileSync(join(ours, name), bytes);
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
