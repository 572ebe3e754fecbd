/**
 * What the index of a FileStorage costs: memory, building, looking up, scanning a file, opening with and without an index file.
 *
 * Run: `node bench/zodb/index.bench.ts [objects]` (default one million). Prints one line for each figure.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAX_TID, openFileStorage, transactionMeta } from "@belay/zodb";

const OBJECTS = Number(process.argv[2] ?? 1_000_000);
const PER_TRANSACTION = 1000;
const LOOKUPS = 1_000_000;

const directory = mkdtempSync(join(tmpdir(), "belay-bench-zodb-"));
try {
  await run(join(directory, "Data.fs"));
} finally {
  rmSync(directory, { recursive: true });
}

async function run(path: string): Promise<void> {
  await timed("commit", OBJECTS, "object", () => fill(path));
  const megabytes = statSync(path).size / 1e6;
  const indexFile = `${path}.index`;
  {
    const start = performance.now();
    await using storage = await openFileStorage(path);
    report("open with an index file", (performance.now() - start) / 1000, "s");
    report("index file", statSync(indexFile).size / OBJECTS, "bytes an object");
    report("index in memory", storage.generation.index.byteLength() / OBJECTS, "bytes an object");
  }
  rmSync(indexFile);
  const before = process.memoryUsage();
  const start = performance.now();
  await using storage = await openFileStorage(path);
  const seconds = (performance.now() - start) / 1000;
  report("open by scanning", seconds, "s");
  report("scan", megabytes / seconds, "MB/s");
  report("memory of the process", (process.memoryUsage().rss - before.rss) / OBJECTS, "bytes an object");
  const oids = Array.from({ length: 4096 }, () => BigInt(Math.floor(Math.random() * OBJECTS)));
  const { index } = storage.generation;
  await timed("look up in the index", LOOKUPS, "object", () => repeat(LOOKUPS, (i) => index.get(oids[i & 4095] ?? 0n)));
  await timed("locateBefore, newest", LOOKUPS / 4, "object", () =>
    repeat(LOOKUPS / 4, (i) => storage.locateBefore(oids[i & 4095] ?? 0n, MAX_TID)),
  );
  await timed("loadBefore, newest", LOOKUPS / 4, "object", () =>
    repeat(LOOKUPS / 4, (i) => storage.loadBefore(oids[i & 4095] ?? 0n, MAX_TID)),
  );
}

async function fill(path: string): Promise<void> {
  await using storage = await openFileStorage(path, { readOnly: false, create: true, syncBeforeFinish: false });
  const data = Buffer.alloc(200, "x");
  for (let first = 0; first < OBJECTS; first += PER_TRANSACTION) {
    const txn = storage.begin(transactionMeta());
    for (let i = first; i < Math.min(OBJECTS, first + PER_TRANSACTION); i++) txn.store(BigInt(i), 0n, data);
    txn.finish();
  }
}

async function timed(what: string, count: number, unit: string, action: () => unknown): Promise<void> {
  const start = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(start);
  report(what, ((user + system) * 1e3) / count, `ns of processor an ${unit}`);
}

function repeat(count: number, action: (i: number) => unknown): void {
  for (let i = 0; i < count; i++) action(i);
}

function report(what: string, figure: number, unit: string): void {
  console.log(`${what.padEnd(28)} ${figure.toFixed(figure < 10 ? 2 : 0).padStart(8)} ${unit}`);
}
