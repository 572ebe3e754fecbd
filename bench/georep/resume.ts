import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

import { readPid } from "@belay/supervise";

import { agentPlaces } from "../../packages/georep/src/agent/agent-places.ts";
import { ensureAgent } from "../../packages/georep/src/agent/ensure-agent.ts";
import { connectToAgent, endAgent } from "../../packages/georep/src/feed/agent-feed.ts";
import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { workingPath } from "../../packages/georep/src/session/working-path.ts";

// What it costs to come back to a tree that did not change: `node bench/georep/resume.ts [FILES [PARENT]]`. A worker that resumes at its cursor, a
// comparison of everything after another agent, and rsync -an; memory and, over ten seconds, processor time of those at rest.
const files = Number(process.argv[2] ?? 100_000);
const base = mkdtempSync(join(process.argv[3] ?? "/dev/shm", "belay-bench-georep-"));
const [source, destination, state] = [join(base, "source"), join(base, "destination"), join(base, "state")];
const gsyncd = fileURLToPath(new URL("../../packages/georep/src/cli/gsyncd.ts", import.meta.url));
const session = join(base, "glusterd/geo-replication/vol_host_copy");
mkdirSync(session, { recursive: true });
writeFileSync(join(session, "gsyncd.conf"), `[vars]\nworking-dir = ${base}/work\n`);
const say = (line: string) => process.stdout.write(`${line}\n`);

execFileSync(process.execPath, [
  "-e",
  `const fs = require("fs"); for (let i = 0; i < ${files}; i++) {
    const d = ${JSON.stringify(source)} + "/d" + (i / 10000 | 0) + "/e" + ((i / 100 | 0) % 100);
    if (i % 100 === 0) fs.mkdirSync(d, { recursive: true });
    fs.closeSync(fs.openSync(d + "/file-" + i, "w")); }`,
]);
const directory = workingPath(join(base, "work"), realpathSync(source));
const agent = {
  directory,
  argv: [process.execPath, gsyncd, "agent", "vol", "host::copy", "--local-path", source],
  env: { ...process.env, GLUSTERD_WORKDIR: join(base, "glusterd"), BELAY_RUN_DIR: join(base, "run") },
};
const openFeed = () => connectToAgent(directory);

try {
  await ensureAgent(agent);
  await timed("first copy", follow);
  await timed("resume at the cursor", follow);
  await endAgent(directory);
  await ensureAgent(agent);
  await timed("comparison of everything", follow);
  await timed("rsync -an --delete", () => {
    spawnSync("rsync", ["-aHAX", "-n", "--delete", "--exclude=/.belay-georep", `${source}/`, `${destination}/`]);
    return Promise.resolve();
  });
  await rest();
} finally {
  await endAgent(directory);
  rmSync(base, { recursive: true, force: true });
}

async function follow(): Promise<void> {
  await using worker = await replicate(source, destination, { session: "bench", state, openFeed });
  await worker.checkpoint();
}

async function timed(what: string, run: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  say(
    `${what}: ${(ms / 1000).toFixed(2)} s, ${Math.round(files / ms)} thousand files/s, this process ${memory(process.pid)}`,
  );
}

async function rest(): Promise<void> {
  await using worker = await replicate(source, destination, { session: "bench", state, openFeed });
  await worker.checkpoint();
  await sleep(1000);
  const pids = new Map([
    ["agent", readPid(agentPlaces(directory).pidFile) ?? 0],
    ["worker", process.pid],
  ]);
  for (const pid of readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ")) {
    if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("secondary-main")) pids.set("secondary", Number(pid));
  }
  const before = new Map([...pids].map(([name, pid]) => [name, ticks(pid)]));
  await sleep(10_000);
  for (const [name, pid] of pids)
    say(`${name} at rest: ${(ticks(pid) - (before.get(name) ?? 0)) * 10} ms of processor time in 10 s, ${memory(pid)}`);
}

function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function memory(pid: number): string {
  const kb = (key: string) =>
    Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return `${Math.round(kb("VmRSS") / 1024)} MB (most ${Math.round(kb("VmHWM") / 1024)})`;
}
