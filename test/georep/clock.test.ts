import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { AT_FDCWD, utimensat } from "@belay/linux";
import { expect, test } from "vitest";

import { fromSources } from "../program.ts";
import { GsyncdPlace, killIfThere } from "./gsyncd-place.ts";
import { RandomWriter } from "./random-writer.ts";

const slow = { timeout: 60_000, interval: 100 };
const isRoot = process.geteuid?.() === 0;
const day = 86_400;

/** A place whose processes have a clock that the test sets; that of the kernel, which stamps files, goes on as it does. */
function placeWithClock(): GsyncdPlace & { setClock(seconds: number): void } {
  const place = new GsyncdPlace(fromSources("gsyncd"));
  const file = place.file("clock");
  const hook = fileURLToPath(new URL("jumping-clock.ts", import.meta.url));
  Object.assign(place.env, { NODE_OPTIONS: `--import ${hook}`, BELAY_TEST_CLOCK: file });
  return Object.assign(place, {
    setClock: (seconds: number) => {
      fs.writeFileSync(`${file}~`, String(seconds));
      fs.renameSync(`${file}~`, file);
    },
  });
}

async function started(place: GsyncdPlace): Promise<void> {
  const { code, err } = await place.call("monitor", place.source, place.destination, "-c", place.config);
  expect([code, err]).toEqual([0, ""]);
  await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
}

test("nothing is missed when the clock jumps by days while changes are made, and workers begin anew", async () => {
  await using place = placeWithClock();
  place.configure();
  const writer = new RandomWriter(place.source, 42);
  for (let i = 0; i < 100; i++) writer.step();
  place.setClock(0);
  await started(place);
  for (const seconds of [day, -day, 400 * day, -40_000 * day, 0]) {
    for (let i = 0; i < 60; i++) writer.step();
    place.setClock(seconds);
    for (let i = 0; i < 60; i++) writer.step();
    if (seconds === -day) for (const pid of place.processes("worker")) killIfThere(pid, "SIGKILL");
    await expect.poll(() => place.differences(), slow).toEqual([]);
    // It is their clock indeed.
    await expect.poll(() => Math.round((updatedAt(place) - Date.now()) / 1000 / day) + 0, slow).toBe(seconds / day);
  }
}, 600_000);

const updatedAt = (place: GsyncdPlace) => Number(place.extra()["updatedAt"]);

test.runIf(isRoot)(
  "what waits to be tried again does not wait for the day to come again",
  async () => {
    await using place = placeWithClock();
    place.configure({ "retry-interval": "2" });
    fs.mkdirSync(join(place.source, "d"));
    await started(place);
    await expect.poll(() => place.differences(), slow).toEqual([]);
    execFileSync("chattr", ["+i", join(place.destination, "d")]);
    try {
      place.setClock(30 * day);
      fs.writeFileSync(join(place.source, "d", "f"), "1");
      await expect.poll(() => place.extra()["retries"], slow).toContainEqual(expect.objectContaining({ path: "d/f" }));
      place.setClock(0);
    } finally {
      execFileSync("chattr", ["-i", join(place.destination, "d")]);
    }
    await expect.poll(() => place.differences(), { interval: 100 }).toEqual([]);
  },
  300_000,
);

test("files whose times lie before 1970, far ahead, or are set back after each change, are followed like any others", async () => {
  await using place = new GsyncdPlace(fromSources("gsyncd"));
  place.configure();
  const times = [
    -1_000_000_000n,
    -1n,
    0n,
    1n,
    4_102_444_800_000_000_001n,
    9_000_000_000_000_000_000n,
    10_413_792_000_000_000_005n,
  ];
  const write = (round: string) => {
    for (const [index, time] of times.entries()) {
      const path = join(place.source, `f${index}`);
      fs.writeFileSync(path, round); // of the same length each time
      utimensat(AT_FDCWD, path, time, time, 0);
    }
  };
  write("one");
  await started(place);
  await expect.poll(() => place.differences(), slow).toEqual([]);
  for (const round of ["two", "six", "ten"]) {
    write(round);
    await expect.poll(() => place.differences(), slow).toEqual([]);
  }
  killIfThere(-(place.pid ?? NaN), "SIGTERM");
  await expect.poll(() => fs.existsSync(place.pidFile), slow).toBe(false);
  write("off");
  await started(place);
  await expect.poll(() => place.differences(), slow).toEqual([]);
}, 600_000);
