import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { isGone } from "../../packages/georep/src/tree/read-object.ts";
import { GsyncdPlace, gsyncd, killIfThere } from "../georep/gsyncd-place.ts";
import { RandomWriter } from "../georep/random-writer.ts";
import { Sshd } from "../georep/sshd.ts";

// While a writer does by chance whatever can be done to a tree, processes of the replication are killed or held; each round has to end with
// equal trees, the last one with nothing left.

const rounds = Number(process.env["BELAY_SOAK_ROUNDS"] ?? 3);
const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
/** Where a copy of everything goes, trees, journal, queue and logs, when a round does not end equal; undefined: nowhere. */
const keep = process.env["BELAY_SOAK_KEEP"];
const slow = { timeout: 60_000, interval: 100 };
const victims = ["monitor", "worker", "secondary", "agent", "ssh", "engine"] as const;

test(
  `${rounds} rounds of kill -9 and SIGSTOP, on this machine: all end equal`,
  { timeout: 120_000 + rounds * 150_000 },
  async () => {
    await using place = new GsyncdPlace();
    place.configure();
    await torture(place, place.destination);
  },
);

test.each(["rsync", "tarssh"])(
  `${rounds} rounds of kill -9 and SIGSTOP, content by %s: all end equal`,
  { timeout: 120_000 + rounds * 150_000 },
  async (engine) => {
    await using place = new GsyncdPlace();
    place.configure({ "sync-method": engine });
    await torture(place, place.destination);
  },
);

test(
  `${rounds} rounds of kill -9 and SIGSTOP, through sshd and a restricted key: all end equal`,
  { timeout: 120_000 + rounds * 150_000 },
  async () => {
    await using place = new GsyncdPlace();
    await using sshd = await Sshd.start(place.file("ssh"), forcedCommand(place));
    const options = sshd.options.join(" ");
    place.configure({ "ssh-command": "/usr/bin/ssh", "ssh-options": options, "ssh-port": String(sshd.port) });
    await torture(place, `ssh://${sshd.host}:file://${place.destination}`);
  },
);

function forcedCommand(place: GsyncdPlace): string {
  const env = ["BELAY_RUN_DIR", "BELAY_LOG_DIR", "GLUSTERD_WORKDIR"].map((name) => `${name}=${place.env[name] ?? ""}`);
  return ["env", ...env, gsyncd, onlyRoot(place)].join(" ");
}

const onlyRoot = (place: GsyncdPlace): string => `--only-root=${place.destination}`;

async function torture(place: GsyncdPlace, url: string): Promise<void> {
  const writer = new RandomWriter(place.source, seed);
  for (let i = 0; i < 300; i++) writer.step();
  for (let round = 0; round < rounds; round++) {
    await run(place, url);
    const strokes = 1 + Math.floor(Math.random() * 3);
    const struck: string[] = [];
    for (let i = 0; i < strokes; i++) {
      await writeFor(writer, 100 + Math.random() * 600);
      struck.push(await strike(place));
    }
    await writeFor(writer, 100);
    await run(place, url);
    const label = `seed ${seed}, round ${round}: ${struck.join(", ")}; ${writer.done} changes`;
    await untilEqual(place, label);
  }
  await end(place);
}

// What is applied again after a start touches directories for a moment, so one look at a time decides.
async function untilEqual(place: GsyncdPlace, label: string): Promise<void> {
  const until = performance.now() + slow.timeout;
  let differences = differencesNow(place);
  while (differences.length > 0 && performance.now() < until) {
    await sleep(slow.interval);
    differences = differencesNow(place);
  }
  if (differences.length > 0 && keep !== undefined) execFileSync("cp", ["-a", place.base, join(keep, `seed-${seed}`)]);
  const said = [place.extra(), place.status()].map((each) => JSON.stringify(each)).join("\n");
  const about = differences.length === 0 ? label : `${label}\n${said}\n${place.logText().slice(-4000)}`;
  expect(differences, about).toEqual([]);
}

// What moves while it is looked at is not equal yet.
function differencesNow(place: GsyncdPlace): string[] {
  try {
    return place.differences();
  } catch (error) {
    if (!isGone(error)) throw error;
    return [String(error)];
  }
}

/** A monitor that was killed is started again, as an init system would. */
async function run(place: GsyncdPlace, url: string): Promise<void> {
  if (place.processes("monitor").length > 0) return;
  const { code, err } = await place.call("monitor", place.source, url, "-c", place.config);
  expect([code, err]).toEqual([0, ""]);
}

async function strike(place: GsyncdPlace): Promise<string> {
  const role = victims[Math.floor(Math.random() * victims.length)] ?? "worker";
  const found = processesOf(place, role);
  const pid = found[Math.floor(Math.random() * found.length)];
  if (pid === undefined) return `no ${role} there`;
  if (Math.random() < 0.7) {
    killIfThere(pid, "SIGKILL");
    while (processesOf(place, role).includes(pid)) await sleep(10);
    return `kill ${role}`;
  }
  killIfThere(pid, "SIGSTOP");
  await sleep(300 + Math.random() * 1500);
  killIfThere(pid, "SIGCONT");
  return `stop ${role}`;
}

// The key's command has no role in its arguments: that is what ssh asks it for.
function processesOf(place: GsyncdPlace, role: (typeof victims)[number]): number[] {
  const ssh = place.processes("-oBatchMode=yes");
  if (role === "ssh") return ssh;
  if (role === "engine") return ["rsync", "tar"].flatMap((program) => place.processes(program));
  const found = [...place.processes(role), ...(role === "secondary" ? place.processes(onlyRoot(place)) : [])];
  return found.filter((pid) => !ssh.includes(pid));
}

async function writeFor(writer: RandomWriter, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    for (let i = 0; i < 5; i++) writer.step();
    await sleep(5);
  }
}

/** Everything ends, and nothing is left: no process, no entry in a ledger, no temporary file, nothing held at the destination. */
async function end(place: GsyncdPlace): Promise<void> {
  killIfThere(-(place.pid ?? NaN), "SIGTERM");
  await expect.poll(() => place.processes(), slow).toEqual([]);
  expect(readdirSync(place.file("tmp"))).toEqual([]);
  const state = join(place.destination, ".belay-georep");
  for (const session of readdirSync(state)) expect(readdirSync(join(state, session, "held"))).toEqual([]);
  const ledgers = place.file("run/ledgers");
  expect(readdirSync(ledgers).filter((name) => name !== "sweep.lock")).toEqual([]);
}
