import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stop } from "@belay/wcfs";
import { expect, test } from "vitest";
import { BigFiles } from "../isolation/harness/big-files.ts";
import { BLK } from "./harness/world.ts";

/** A database, for a server that is started by whoever needs it, and is stopped with the scope. */
async function scratchDatabase() {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  const database = await BigFiles.create(join(directory, "data.fs"));
  return {
    database,
    directory,
    async [Symbol.asyncDispose]() {
      await stop(database.zurl);
      await database[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Runs an example of `examples/`. */
function example(name: string, args: readonly string[], directory: string, options: readonly string[] = []) {
  const script = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
  const child = spawn(process.execPath, [...options, script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, WENDELIN_CORE_WCFS_OPTIONS: `-log_dir ${directory}` },
    timeout: 100_000,
  });
  const ended = new Promise<number | null>((resolve) => void child.once("exit", resolve));
  return { child, ended, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

test("array-statistics goes over an array with a heap and anonymous memory much smaller than it", async () => {
  await using scratch = await scratchDatabase();
  const { database, directory } = scratch;
  const blocks = 96;
  const { oid } = database.createFile(BLK);
  const values = BLK / 8;
  for (let blk = 0; blk < blocks; blk++) {
    const content = new Uint8Array(Float64Array.from({ length: values }, (_, i) => blk + i / values).buffer);
    database.put(oid, { [blk]: content });
    if (blk % 8 === 7) database.commit();
  }
  const { child, lines, ended } = example("array-statistics.ts", [database.zurl, oid, "32"], directory, [
    "--max-old-space-size=48",
  ]);
  let anonymous = 0;
  const looking = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
      anonymous = Math.max(anonymous, Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }, 20);
  const { value } = (await lines.next()) as { value: string };
  clearInterval(looking);
  const { count, mean, deviation, least, greatest } = JSON.parse(value) as Record<string, number>;
  expect({ count, least, greatest }).toEqual({ count: blocks * values, least: 0, greatest: blocks - 1 / values });
  expect(mean).toBeCloseTo(blocks / 2, 3);
  expect(deviation).toBeCloseTo(blocks / Math.sqrt(12), 2);
  expect(anonymous).toBeGreaterThan(0);
  expect(anonymous * 1024).toBeLessThan((blocks * BLK * 3) / 4);
  for (let bin = 0; bin < 20; bin++) expect((await lines.next()).value).toMatch(/#{59,60}$/);
  expect(await ended).toBe(0);
});

test("follow-head tells what each commit changed", async () => {
  await using scratch = await scratchDatabase();
  const { database, directory } = scratch;
  const { oid } = database.createFile(BLK);
  const at1 = database.write(oid, { 0: "a1" });
  const { child, lines, ended } = example("follow-head.ts", [database.zurl, oid], directory);
  expect((await lines.next()).value).toBe(`@${at1}: 1 blocks`);
  const at2 = database.write(oid, { 2: "c2" });
  expect((await lines.next()).value).toBe(`@${at2}: 3 blocks, changed: #1 #2`);
  const at3 = database.write(oid, { 0: "a3" });
  expect((await lines.next()).value).toBe(`@${at3}: 3 blocks, changed: #0`);
  child.kill("SIGKILL");
  await ended;
});
