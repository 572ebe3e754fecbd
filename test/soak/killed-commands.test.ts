import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { compareTrees } from "../../packages/georep/src/index.ts";
import { makePlace, startBelay, type Place } from "../georep-command/place.ts";

// A command of `belay georep` is killed at any moment; the next one works, and nothing of the killed one stays.

const rounds = Number(process.env["BELAY_SOAK_ROUNDS"] ?? 2);
const limit = 60_000 + rounds * 60_000;

/** Milliseconds that commands took last: they are killed at any moment of that. */
const took = new Map<string, number>();

async function killed(place: Place, ...words: string[]): Promise<string> {
  const child = startBelay(place, ...words);
  const closed = once(child, "close"); // it may have ended before it is killed
  const ms = Math.round(Math.random() * 1.2 * (took.get(String(words[0])) ?? 1500));
  await sleep(ms);
  child.kill("SIGKILL");
  await closed;
  return `${words.join(" ")}, killed after ${ms} ms`;
}

/** The next command. */
async function works(place: Place, after: string, ...words: string[]): Promise<void> {
  const start = performance.now();
  const { code, err } = await place.georep(...words);
  took.set(String(words[0]), performance.now() - start);
  expect([code, err], `${words.join(" ")} after ${after}`).toEqual([0, ""]);
}

async function isThere(place: Place): Promise<boolean> {
  return (await place.lines("list")).length > 0;
}

/** Processes that have anything to do with the place. */
function processesOf(place: Place): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return words.includes(place.path) ? [`${pid} ${words}`] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** What a deleted session must not leave. */
async function expectNothingLeft(place: Place): Promise<void> {
  await expect.poll(() => processesOf(place), { timeout: 30_000 }).toEqual([]);
  const names = (...path: string[]) => {
    const directory = join(place.path, ...path);
    return existsSync(directory) ? readdirSync(directory) : [];
  };
  expect(names("belay", "run")).toEqual([]);
  expect(names("belay", "work")).toEqual([]);
  expect(names("belay", "geo-replication").filter((name) => name !== "gsyncd_template.conf")).toEqual([]);
  expect(names("run", "ledgers").filter((name) => name !== "sweep.lock")).toEqual([]);
}

test(`${rounds} times create and delete, killed`, { timeout: limit }, async () => {
  await using place = makePlace();
  writeFileSync(join(place.source, "f"), "1");
  for (let round = 0; round < rounds; round++) {
    const created = await killed(place, "create", "src", "dst");
    if (!(await isThere(place))) await works(place, created, "create", "src", "dst");
    const deleted = await killed(place, "delete", "src", "dst");
    if (await isThere(place)) await works(place, deleted, "delete", "src", "dst");
  }
  // A whole life, after all that.
  await works(place, "all", "create", "src", "dst", "--force");
  await works(place, "all", "start", "src");
  await works(place, "all", "checkpoint", "src");
  await works(place, "all", "stop", "src");
  await works(place, "all", "delete", "src");
  await expectNothingLeft(place);
});

test(`${rounds} times config, resync, stop and delete of a running session, killed`, { timeout: limit }, async () => {
  await using place = makePlace();
  mkdirSync(join(place.source, "d"));
  for (let round = 0; round < rounds; round++) {
    writeFileSync(join(place.source, "d", `f${round}`), String(round));
    if (!(await isThere(place))) await works(place, "delete", "create", "src", "dst", "--force");
    await works(place, "the round before", "start", "src");
    const set = await killed(place, "config", "src", "set", "sync-jobs", String(4 + (round % 5)));
    expect((await place.georep("config", "src", "get", "sync-jobs")).out, set).toMatch(/^[3-8]\n$/);
    const compared = await killed(place, "resync", "src", "--wait");
    await works(place, compared, "checkpoint", "src", "--timeout", "60");
    expect(compareTrees(place.source, place.destination), compared).toEqual([]);
    const stopped = await killed(place, "stop", "src");
    await works(place, stopped, "stop", "src");
    const again = await killed(place, "start", "src");
    const deleted = await killed(place, "delete", "src", "--force");
    if (await isThere(place)) await works(place, `${again}, ${deleted}`, "delete", "src", "--force");
    await expectNothingLeft(place);
  }
});
