import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger, type Ledger } from "@belay/supervise";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSourceTree } from "../sources/source-tree.ts";
import { queueName, WorkQueue } from "./queue.ts";
import { storedRetries } from "./stored-retries.ts";

let folder: string;
let place: { state: string; source: string };
let ledger: Ledger;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "belay-test-"));
  place = { state: join(folder, "state"), source: join(folder, "source") };
  mkdirSync(place.state);
  mkdirSync(place.source);
  ledger = await openLedger(join(folder, "run"));
});
afterEach(async () => {
  await ledger[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A queue with one name that failed; what is in it is not in the database's own file as long as it is open. */
function openQueue(name: Buffer): WorkQueue {
  using tree = openSourceTree(place.source);
  const queue = new WorkQueue(join(place.state, queueName));
  const anchor = { incarnation: "", replica: "", root: tree.identity, scope: "", attributes: "" };
  queue.record({ anchor, failed: [{ id: tree.rootId, name, code: "EPERM", message: "no" }] });
  return queue;
}

const stateFiles = () =>
  readdirSync(place.state).map((name) => [
    name,
    statSync(join(place.state, name)).mtimeMs,
    statSync(join(place.state, name)).size,
  ]);

test("a worker that never was has nothing to try again", async () => {
  expect(await storedRetries(place, ledger)).toEqual([]);
});

test("what waits is told with its path, of a queue that was closed, and of one that was cut off", async () => {
  const name = Buffer.from([0x61, 0xff]);
  const expected = [expect.objectContaining({ path: name, name, code: "EPERM", attempts: 1 }) as unknown];
  {
    using _open = openQueue(name);
    const before = stateFiles();
    expect(await storedRetries(place, ledger)).toEqual(expected);
    expect(stateFiles()).toEqual(before);
    // As a process leaves it that is killed.
    const cutOff = join(folder, "cut off");
    mkdirSync(cutOff);
    for (const file of [queueName, `${queueName}-wal`]) copyFileSync(join(place.state, file), join(cutOff, file));
    expect(await storedRetries({ ...place, state: cutOff }, ledger)).toEqual(expected);
    expect(readdirSync(cutOff)).toEqual([queueName, `${queueName}-wal`]);
  }
  expect(await storedRetries(place, ledger)).toEqual(expected);
  expect(ledger.entries()).toEqual([]);
});

test("a source that is not there, or another one, leaves the names as they are", async () => {
  mkdirSync(join(place.source, "d"));
  openQueue(Buffer.from("d"))[Symbol.dispose]();
  rmSync(place.source, { recursive: true });
  const expected = [expect.objectContaining({ path: Buffer.from("d") }) as unknown];
  expect(await storedRetries(place, ledger)).toEqual(expected);
  writeFileSync(place.source, "");
  expect(await storedRetries(place, ledger)).toEqual(expected);
});
