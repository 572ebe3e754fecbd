import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isUserError, userError } from "@belay/supervise";
import { Database, exportFile, fileLog, importFile, listBigFiles } from "@belay/wcfs";
import { openStorage, zodbCheck, zodbDump, zodbInfo, zodbLs, type CommandIo } from "@belay/zodb";
import { afterAll, beforeAll, expect, test } from "vitest";

const rounds = Number(process.env["BELAY_DAMAGES"] ?? "100");
const blockSize = 4096;

let directory: string;
let sound: Buffer;
let index: Buffer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "belay-test-damaged-"));
  const path = join(directory, "sound.fs");
  const input = join(directory, "input");
  writeFileSync(input, Buffer.from(Array.from({ length: 20_000 }, (_, i) => 1 + (i % 251))));
  const options = {
    zurl: `file://${path}`,
    input,
    blockSize,
    createDatabase: true,
    placement: { kind: "new" },
  } as const;
  await importFile({ ...options, name: "whole", format: "ZBlk0" });
  await importFile({ ...options, name: "chunks", format: "ZBlk1" });
  await importFile({
    ...options,
    name: "whole",
    placement: { kind: "offset", offset: 5000 },
    transactionSize: blockSize,
  });
  [sound, index] = [readFileSync(path), readFileSync(`${path}.index`)];
});

afterAll(() => rmSync(directory, { recursive: true }));

test(
  "every command ends on a damaged database as it should: done, or with an error that is no mistake of ours",
  { timeout: 30_000 + 500 * rounds },
  async () => {
    const path = join(directory, "Data.fs");
    const outcomes = { done: 0, refused: 0 };
    for (let seed = 0; seed < rounds; seed++) {
      const random = numbers(seed);
      writeFileSync(path, damage(sound, random));
      if (random(2) === 0) writeFileSync(`${path}.index`, random(3) === 0 ? damage(index, random) : index);
      else rmSync(`${path}.index`, { force: true });
      for (const [name, command] of commands(path)) {
        try {
          await command();
          outcomes.done++;
        } catch (error) {
          if (!isUserError(error)) throw new Error(`${name} of damage ${seed}`, { cause: error });
          outcomes.refused++;
        }
      }
    }
    expect(outcomes.done).toBeGreaterThan(rounds);
    expect(outcomes.refused).toBeGreaterThan(rounds / 4);
  },
);

function* commands(path: string): Generator<[name: string, run: () => Promise<unknown>]> {
  const io: CommandIo = { out: () => Promise.resolve() };
  yield ["info", () => zodbInfo(path, {}, io)];
  yield ["ls", () => zodbLs(path, {}, io)];
  yield ["dump", () => zodbDump(path, {}, io)];
  yield ["check", () => zodbCheck(path, { refs: true, btrees: true }, io)];
  for (const name of ["files", "log", "export", "append"] as const) yield [name, () => ofBigFiles(path, name)];
}

async function ofBigFiles(path: string, what: "files" | "log" | "export" | "append"): Promise<void> {
  const input = join(directory, "input");
  if (what === "append") {
    await importFile({ zurl: `file://${path}`, input, name: "chunks", placement: { kind: "append" } });
    return;
  }
  await using storage = await openStorage(`file://${path}`, { onWarning: () => undefined });
  const [database, at] = [new Database(storage), storage.lastTid()];
  for (const { oid } of listBigFiles(database, at, what === "files" ? () => undefined : undefined)) {
    if (what === "log") for (const entry of fileLog(database, oid, at)) expect(entry.tid).toBeLessThanOrEqual(at);
    if (what === "export") await exportFile(database, { file: oid, at, output: "/dev/null", onProgress: refuseHuge });
  }
}

// A damaged number may make a file of any size.
function refuseHuge(_done: number, total: number): void {
  if (total > 1 << 24) throw userError("EFBIG", `a file of ${total} bytes`);
}

/** Bytes turned, set to 0 or 255, cut out or doubled, or a cut at any place. */
function damage(bytes: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const at = random(copy.length);
  const length = 1 + random([1, 4, 16, 300][random(4)] ?? 1);
  switch (random(6)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    case 2:
      return Buffer.concat([copy.subarray(0, at + length), copy.subarray(at)]);
    case 3:
      return copy.fill(random(2) === 0 ? 0 : 255, at, Math.min(copy.length, at + length));
    default:
      for (let i = at; i < Math.min(copy.length, at + length); i++) copy[i] = random(256);
      return copy;
  }
}

/** Numbers that are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = (seed + 1) * 0x9e3779b1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
