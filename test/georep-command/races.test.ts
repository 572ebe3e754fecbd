import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test, vi } from "vitest";

import { compareTrees } from "../../packages/georep/src/index.ts";
import { killIfThere, readIfThere } from "../georep/gsyncd-place.ts";
import { makePlace, matching, startBelay, type Call, type Place } from "./place.ts";

// Commands that get into each other's way, or are killed: the session is what the last of them says.

vi.setConfig({ testTimeout: 300_000 });

async function ended(place: Place, ...words: string[]): Promise<Call> {
  const child = startBelay(place, ...words);
  const texts = { out: "", err: "" };
  child.stdout.on("data", (bytes: Buffer) => (texts.out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (texts.err += bytes.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}

const locked = (place: Place): boolean => {
  const sessions = join(place.path, "belay", "geo-replication");
  return readdirSync(sessions).some((name) => existsSync(join(sessions, name, "command.lock")));
};

test("of two starts at once one starts the session, the other says that it runs; stop and delete wait for a start under way", async () => {
  await using place = makePlace();
  writeFileSync(join(place.source, "f"), "1");
  await place.georep("create", "src", "dst");
  const both = await Promise.all([ended(place, "start", "src"), ended(place, "start", "src", "--json")]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(both.find(({ code }) => code === 1)?.err).toMatch(/already started/);
  expect(await place.georep("stop", "src")).toMatchObject({ code: 0, out: matching(/^stopped/) });

  const starting = ended(place, "start", "src", "--json");
  await expect.poll(() => locked(place)).toBe(true);
  await sleep(300);
  const stopped = await place.georep("stop", "src");
  const started = await starting;
  // Whichever came first: it is not left running.
  if (stopped.out.startsWith("stopped")) expect(await place.status()).toMatchObject({ state: "stopped" });
  expect([stopped.code, started.code === 0 || /ESTOPPED|ESTART/.test(started.err)]).toEqual([0, true]);
  await place.georep("stop", "src");

  const again = ended(place, "start", "src", "--json");
  await sleep(700);
  expect(await place.georep("delete", "src", "--force")).toMatchObject({ code: 0, err: "" });
  expect((await again).err).toMatch(/ESTOPPED|ENOSESSION|^$/);
  expect(await place.lines("list")).toEqual([]);
});

test("a start that is killed anywhere leaves a session that can be started, and is equal then", async () => {
  await using place = makePlace();
  writeFileSync(join(place.source, "f"), "1");
  await place.georep("create", "src", "dst");
  for (const ms of [100, 250, 600, 1200]) {
    const child = startBelay(place, "start", "src");
    const closed = once(child, "close"); // it may have ended before it is killed
    await sleep(ms);
    child.kill("SIGKILL");
    await closed;
  }
  expect(await place.georep("start", "src", "--force")).toMatchObject({ code: 0 });
  expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });
  expect(compareTrees(place.source, place.destination)).toEqual([]);
});

/** A start that is killed when its monitor has just begun to be. */
async function killStart(place: Place): Promise<void> {
  const child = startBelay(place, "start", "src");
  const closed = once(child, "close");
  await expect.poll(() => monitorsOf(place).length, { timeout: 60_000, interval: 10 }).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await closed;
}

/** Processes of the monitor of a place, also those that are about to be it. */
const monitorsOf = (place: Place): string[] => processesOf(place, "monitor");

function processesOf(place: Place, role: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const words = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") : [];
      return words.includes(role) && words.some((word) => word.includes(place.path));
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

test("what a start runs is the monitor itself; interrupted before that is ready it leaves none, and can be made again", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  for (const ms of [0, 60, 150]) {
    const child = startBelay(place, "start", "src");
    const closed = once(child, "close");
    await expect.poll(() => monitorsOf(place).length, { timeout: 60_000, interval: 10 }).toBeGreaterThan(0);
    await sleep(ms);
    child.kill("SIGINT");
    await closed;
    // One that was ready is the session's, which is started and goes on.
    if (ms > 0) expect(await place.georep("stop", "src")).toMatchObject({ code: 0, err: "" });
    await expect.poll(() => monitorsOf(place), { timeout: 20_000 }).toEqual([]);
  }
  const child = startBelay(place, "start", "src");
  const closed = once(child, "close");
  const isOver = closed.then(() => true);
  const begun = new Set<string>();
  while (!(await Promise.race([isOver, sleep(5).then(() => false)])))
    for (const pid of monitorsOf(place)) if (parentOf(pid) === child.pid) begun.add(pid);
  expect(await closed).toEqual([0, null]);
  expect(monitorsOf(place)).toEqual([...begun]);
});

function parentOf(pid: string): number {
  return Number(/\) \S (\d+)/.exec(readIfThere(`/proc/${pid}/stat`))?.[1]);
}

test("what keeps a monitor from starting is told by the start, whether it had begun or not", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  writeFileSync(join(place.path, "file"), "");
  for (const [env, message] of [
    [{ _GSYNCD_RESTRICTED_: "1" }, /does not start: disallowed gsyncd invocation/],
    [{ BELAY_RUN_DIR: join(place.path, "file") }, /does not start: .*is no directory/],
  ] as const) {
    const { code, err } = await ended({ ...place, env: { ...place.env, ...env } }, "start", "src", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: "ESTART", message: matching(message) } });
    expect(monitorsOf(place)).toEqual([]);
  }
  expect(await place.georep("start", "src")).toMatchObject({ code: 0, err: "" });
});

test("what comes after a start that was killed waits until its monitor can be seen, and ends it", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  await killStart(place);
  expect(await place.georep("stop", "src")).toMatchObject({ code: 0, out: matching(/^stopped/) });
  expect(monitorsOf(place)).toEqual([]);
  await killStart(place);
  expect(await place.georep("start", "src")).toMatchObject({ code: 1, err: matching(/already started/) });
  await place.georep("stop", "src");
  await killStart(place);
  expect(await place.georep("delete", "src", "--force")).toMatchObject({ code: 0 });
  expect(monitorsOf(place)).toEqual([]);
  expect(await place.lines("list")).toEqual([]);
});

test("an agent whose monitor was killed while it was being started is found and ended by what comes after", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  for (const command of [
    ["stop", "src", "--journal"],
    ["delete", "src", "--force"],
  ]) {
    const starting = ended(place, "start", "src", "--no-wait");
    await expect.poll(() => processesOf(place, "agent").length, { timeout: 60_000, interval: 2 }).toBeGreaterThan(0);
    for (const pid of monitorsOf(place)) killIfThere(Number(pid), "SIGKILL");
    await starting;
    expect(await place.georep(...command)).toMatchObject({ code: 0 });
    // It closes its socket a moment before it has ended.
    await expect.poll(() => processesOf(place, "agent")).toEqual([]);
  }
  await sleep(2000);
  expect(await place.lines("list")).toEqual([]);
  expect(
    readdirSync(place.path, { recursive: true, encoding: "utf8" }).filter((name) => /agent|journal/.test(name)),
  ).toEqual([]);
});

test("destinations where nothing can be made are told in one line each", async () => {
  await using place = makePlace();
  writeFileSync(join(place.path, "file"), "");
  symlinkSync("nowhere", join(place.path, "dangling"));
  symlinkSync("src", join(place.path, "link"));
  mkdirSync(join(place.source, "in"));
  for (const [source, destination, code] of [
    ["src", "/proc/nothing", "EDESTINATION"],
    ["src", "/dev/null", "EDESTINATION"],
    ["src", "file/below", "EDESTINATION"],
    ["src", "dangling", "EDESTINATION"],
    ["src", "link", "ENESTED"],
    ["src", "link/new", "ENESTED"],
    ["src/in", "src", "ENESTED"],
    ["file", "dst", "ESOURCE"],
  ] as const) {
    const { err, code: exit } = await place.georep("create", source, destination, "--json");
    expect([exit, err.trim().split("\n").length], destination).toEqual([1, 1]);
    expect(JSON.parse(err), destination).toMatchObject({ error: { code } });
  }
  expect(await place.lines("list")).toEqual([]);
});
