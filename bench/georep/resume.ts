import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

import { readPid } from "@belay/supervise";

import { agentPlaces } from "../../packages/georep/src/agent/agent-places.ts";
import { ensureAgent } from "../../packages/georep/src/agent/ensure-agent.ts";
import { connectToAgent, endAgent } from "../../packages/georep/src/feed/agent-feed.ts";
import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { workingPath } from "../../packages/georep/src/session/working-path.ts";
import { childOf, figuresOf, forgetMost } from "./process-figures.ts";

// What it costs to come back to a tree that did not change: `node bench/georep/resume.ts [FILES [PARENT [PER_DIRECTORY]]]`. The first copy, a worker that
// resumes at its cursor, a comparison of everything after another agent, and rsync -an; changes for ten seconds; ten seconds of rest. Processor
// time and memory of all three processes (the worker is this one).
const files = Number(process.argv[2] ?? 100_000);
const perDirectory = Number(process.argv[4] ?? 100);
const base = mkdtempSync(join(process.argv[3] ?? "/dev/shm", "belay-bench-georep-"));
const [source, destination, state] = [join(base, "source"), join(base, "destination"), join(base, "state")];
const gsyncd = fileURLToPath(new URL("../../packages/georep/src/cli/gsyncd.ts", import.meta.url));
const session = join(base, "glusterd/geo-replication/vol_host_copy");
mkdirSync(session, { recursive: true });
writeFileSync(join(session, "gsyncd.conf"), `[vars]\nworking-dir = ${base}/work\n`);
const say = (line: string) => process.stdout.write(`${line}\n`);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
  process.once(signal, () => void endAll().finally(() => process.exit(1)));
makeFiles();
const directory = workingPath(join(base, "work"), realpathSync(source));
const agent = {
  directory,
  argv: [process.execPath, gsyncd, "agent", "vol", "host::copy", "--local-path", source],
  env: { ...process.env, GLUSTERD_WORKDIR: join(base, "glusterd"), BELAY_RUN_DIR: join(base, "run") },
};
const openFeed = () => connectToAgent(directory);

try {
  await ensureAgent(agent);
  await follow("first copy");
  await follow("resume at the cursor");
  await endAgent(directory);
  await ensureAgent(agent);
  await follow("comparison of everything");
  for (const options of ["-an", "-aHAXn"]) compareByRsync(options);
  await follow("resume, and 1,000 changes a second for 10 s", write);
  await follow("resume, and 10 s of rest", () => sleep(10_000));
} finally {
  await endAll();
}

async function endAll(): Promise<void> {
  await endAgent(directory);
  rmSync(base, { recursive: true, force: true });
}

async function follow(what: string, then?: () => Promise<void>): Promise<void> {
  const agentPid = readPid(agentPlaces(directory).pidFile) ?? 0;
  for (const pid of [agentPid, process.pid]) forgetMost(pid);
  const before = [agentPid, process.pid].map(figuresOf);
  const start = performance.now();
  await using worker = await replicate(source, destination, { session: "bench", state, openFeed });
  await worker.checkpoint();
  const seconds = (performance.now() - start) / 1000;
  await then?.();
  await worker.checkpoint();
  const { compared, entries } = worker.status;
  say(`${what}: in step after ${seconds.toFixed(2)} s, ${compared} directories compared, ${entries} names applied`);
  for (const [index, pid] of [agentPid, process.pid, childOf(process.pid, "secondary") ?? 0].entries()) {
    const { cpuMs, memory, most } = figuresOf(pid);
    const cpu = cpuMs - (before[index]?.cpuMs ?? 0);
    say(`  ${["agent", "worker", "secondary"][index]}: ${cpu} ms of processor time, ${memory} MB (most ${most})`);
  }
}

function compareByRsync(options: string): void {
  const start = performance.now();
  spawnSync("rsync", [options, "--delete", "--exclude=/.belay-georep", `${source}/`, `${destination}/`]);
  say(`rsync ${options} --delete: ${((performance.now() - start) / 1000).toFixed(2)} s`);
}

/** In a hundredth of a second ten files, all over the tree. */
async function write(): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    for (let i = 0; i < 10; i++) writeFileSync(pathOf(((turn * 10 + i) * 7919) % files), `${turn}`);
    await sleep(10);
  }
}

function makeFiles(): void {
  for (let i = 0; i < files; i++) {
    if (i % perDirectory === 0) mkdirSync(dirname(pathOf(i)), { recursive: true });
    closeSync(openSync(pathOf(i), "w"));
  }
}

function pathOf(i: number): string {
  const number = Math.floor(i / perDirectory);
  return join(source, `d${Math.floor(number / 100)}/e${number % 100}/file-${i}`);
}
