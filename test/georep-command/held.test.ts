import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { makePlace, matching, type Place } from "./place.ts";

// Who is held (SIGSTOP) cannot say so: whoever asks for the status is told all the same, and not what was true the moment before.

const slow = { timeout: 30_000, interval: 100 };

function processOf(place: Place, role: string): number {
  const found = readdirSync("/proc").find((pid) => /^\d+$/.test(pid) && isRole(place, pid, role));
  if (found === undefined) throw new Error(`there is no ${role}`);
  return Number(found);
}

function isRole(place: Place, pid: string, role: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return words.includes(role) && words.some((word) => word.endsWith(place.source));
  } catch {
    return false;
  }
}

test("a worker, an agent and a monitor that are held are told of, with their processes", async () => {
  await using place = makePlace();
  expect(await place.georep("create", "src", "dst")).toMatchObject({ code: 0 });
  expect(await place.georep("start", "src")).toMatchObject({ code: 0 });
  const active = { state: "active", why: null, lagSeconds: 0, problems: [] };
  const texts = {
    worker: /^its worker \(process \d+\) is held$/,
    agent: /^the process that watches the source \(\d+\) is held/,
  };
  for (const [role, why] of Object.entries(texts)) {
    await expect.poll(() => place.status(), slow).toMatchObject(active);
    const pid = processOf(place, role);
    process.kill(pid, "SIGSTOP");
    try {
      writeFileSync(join(place.source, role), "while it is held");
      expect(await place.status(), role).toMatchObject({ state: "waiting", why: matching(why), lagSeconds: null });
      expect((await place.georep("status")).out).toContain(`(${role === "worker" ? "process " : ""}${pid}) is held`);
    } finally {
      process.kill(pid, "SIGCONT");
    }
  }
  await expect.poll(() => place.status(), slow).toMatchObject(active);
  const run = join(place.path, "belay", "run");
  const [pidFile = ""] = readdirSync(run).filter((name) => name.endsWith(".pid"));
  const monitor = Number(readFileSync(join(run, pidFile), "utf8"));
  process.kill(monitor, "SIGSTOP");
  const held = await place.status();
  process.kill(monitor, "SIGCONT");
  expect(held).toMatchObject({ state: "active", problems: [matching(/^its monitor \(process \d+\) is held/)] });
  expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });
  expect(readdirSync(place.destination).toSorted()).toEqual([".belay-georep", "agent", "worker"]);
}, 300_000);
