import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { GsyncdPlace, killIfThere } from "./gsyncd-place.ts";
import { ownFileSystem } from "./own-file-system.ts";

// Options that say how a source is watched, and for how long, as a running session shows them.

const isRoot = process.geteuid?.() === 0;
const slow = { timeout: 40_000, interval: 50 };
const within = 300_000;

const worker = (place: GsyncdPlace) => place.extra()["worker"];
const fault = (place: GsyncdPlace) => place.extra()["monitor"];

function write(place: GsyncdPlace, name: string, content: string): void {
  writeFileSync(join(place.source, name), content);
}

async function started(place: GsyncdPlace): Promise<void> {
  const { code, err } = await place.call("monitor", place.source, place.destination, "-c", place.config);
  expect([code, err]).toEqual([0, ""]);
  await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
}

async function stopped(place: GsyncdPlace): Promise<void> {
  killIfThere(-(place.pid ?? NaN), "SIGTERM");
  await expect.poll(() => existsSync(place.pidFile), slow).toBe(false);
}

const equal = (place: GsyncdPlace) => expect.poll(() => place.differences(), slow).toEqual([]);

test(
  "with keep-journal a session that was stopped compares nothing at its next start, and has missed nothing",
  async () => {
    await using place = new GsyncdPlace();
    place.configure({ "keep-journal": "true" });
    mkdirSync(join(place.source, "d"));
    write(place, "d/known", "1");
    await started(place);
    await equal(place);
    await expect.poll(() => worker(place), slow).toMatchObject({ compared: 2, state: "active" });
    await stopped(place);
    const agents = place.processes("agent");
    await expect.poll(() => place.processes(), slow).toEqual(agents);
    write(place, "d/meanwhile", "2");
    rmSync(join(place.source, "d/known"));
    // Only a comparison would find this.
    writeFileSync(join(place.destination, "stranger"), "");

    await started(place);
    await expect.poll(() => readdirSync(join(place.destination, "d")), slow).toEqual(["meanwhile"]);
    await expect.poll(() => worker(place), slow).toMatchObject({ compared: 0, state: "active" });
    expect(existsSync(join(place.destination, "stranger"))).toBe(true);
    expect(place.processes("agent")).toEqual(agents);

    // Watched in another way it is another agent, and what it has missed is looked for.
    await stopped(place);
    place.configure({ "keep-journal": "true", "change-source": "inotify" });
    await started(place);
    await equal(place);
    await expect.poll(() => worker(place), slow).toMatchObject({ source: "inotify", compared: 2 });
    expect(place.processes("agent")).toHaveLength(1);
    expect(place.processes("agent")).not.toEqual(agents);
  },
  within,
);

test.each([
  ...(isRoot ? [[{ "change-detector": "fanotify" }, "fanotify"] as const] : []),
  [{ "change-detector": "inotify" }, "inotify"],
  [{ "change-detector": "inotify", "change-source": "scan", "scan-interval": "1" }, "scan"],
] as const)(
  "a source is watched as the configuration says: %j",
  async (options, kind) => {
    await using place = new GsyncdPlace();
    place.configure(options);
    await started(place);
    await expect.poll(() => worker(place), slow).toMatchObject({ source: kind });
    write(place, "f", "1");
    await equal(place);
  },
  within,
);

test(
  "a journal that may take two megabytes loses its oldest part, which costs a comparison and nothing else",
  async () => {
    await using place = new GsyncdPlace();
    using _flooded = ownFileSystem(place.source);
    place.configure({ "journal-limit": "2" });
    await started(place);
    // Only then is the first comparison over, whose directories are the root.
    await expect.poll(() => worker(place), slow).toMatchObject({ compared: 1, state: "active" });
    const journal = join(place.file("working"), readdirSync(place.file("working"))[0] ?? "", "journal");
    killIfThere(-(place.pid ?? NaN), "SIGSTOP");
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 9000; i++) write(place, `${i} ${"x".repeat(200)}`, String(round));
    await expect.poll(() => firstSegment(journal), slow).toBeGreaterThan(1);
    killIfThere(-(place.pid ?? NaN), "SIGCONT");
    await equal(place);
    await expect.poll(() => (worker(place) as { compared: number }).compared, slow).toBeGreaterThan(1);
    expect(fault(place)).toMatchObject({ restarts: 0 });
  },
  within,
);

const firstSegment = (journal: string) =>
  Math.min(...readdirSync(journal).flatMap((name) => (name.startsWith("SEG.") ? [Number(name.slice(4))] : [])));

test.each([false, true])(
  "a monitor that was killed leaves its agent for agent-timeout seconds (keep-journal: %s)",
  async (keeps) => {
    await using place = new GsyncdPlace();
    place.configure({ "agent-timeout": "2", ...(keeps ? { "keep-journal": "true" } : {}) });
    await started(place);
    await sleep(3000);
    killIfThere(place.pid ?? NaN, "SIGKILL");
    const killed = performance.now();
    const agents = place.processes("agent");
    expect(agents).toHaveLength(1);
    if (keeps) {
      await expect.poll(() => place.processes(), slow).toEqual(agents);
      await sleep(4000);
      expect(place.processes()).toEqual(agents);
    } else {
      await expect.poll(() => place.processes(), slow).toEqual([]);
      // It asks ten times within that.
      expect(performance.now() - killed).toBeGreaterThan(1700);
      expect(place.logText()).toContain("nobody wants");
    }
  },
  within,
);

test(
  "a source that is suddenly empty halts the work, until accept-source says that it is right",
  async () => {
    await using place = new GsyncdPlace();
    place.configure();
    write(place, "only", "1");
    await started(place);
    await equal(place);
    await stopped(place);
    rmSync(join(place.source, "only"));
    expect((await place.call("monitor", place.source, place.destination, "-c", place.config)).code).toBe(0);
    await expect
      .poll(() => fault(place), slow)
      .toMatchObject({
        reason: "source",
        code: "EROOTEMPTY",
        hint: expect.stringContaining("accept-source") as string,
      });
    expect(readFileSync(join(place.destination, "only"), "utf8")).toBe("1");
    await stopped(place);
    place.configure({ "accept-source": "true" });
    await started(place);
    await equal(place);
    await stopped(place);

    // Another directory in the place of the source.
    place.configure();
    rmSync(place.source, { recursive: true });
    mkdirSync(place.file("in between"));
    mkdirSync(place.source);
    write(place, "other", "2");
    expect((await place.call("monitor", place.source, place.destination, "-c", place.config)).code).toBe(0);
    await expect.poll(() => fault(place), slow).toMatchObject({ reason: "source", code: "EROOTCHANGED" });
    await stopped(place);
    place.configure({ "accept-source": "true" });
    await started(place);
    await equal(place);
  },
  within,
);

test(
  "an agent that goes on after its session was stopped ends when that is deleted",
  async () => {
    await using place = new GsyncdPlace();
    const ends = [place.source, place.destination];
    const asked = ["config-get", ...ends, "--show-defaults", "--name", "georep-session-working-dir"];
    const folder = (await place.call(...asked)).out.trim().replace(/^[^:]*:/, "");
    expect(folder).toContain(place.file("workdir"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "gsyncd.conf"), `[vars]\nkeep-journal = true\ngsyncd-miscdir = ${place.file("misc")}\n`);
    write(place, "f", "1");
    expect(await place.call("monitor", ...ends)).toMatchObject({ code: 0, err: "" });
    await equal(place); // an agent that is stopped before it watches has nothing to go on with
    for (const pid of place.processes("monitor")) killIfThere(-pid, "SIGTERM");
    const agents = place.processes("agent");
    await expect.poll(() => place.processes(), slow).toEqual(agents);
    expect(await place.call("delete", ...ends)).toMatchObject({ code: 0, err: "" });
    await expect.poll(() => place.processes(), slow).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(place.file("misc"))).toEqual([]);
  },
  within,
);
