import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { benchPlace } from "./place.ts";
import { makeSmallFiles } from "./trees.ts";

// Largest memory of worker and secondary for trees of several sizes, and their CPU when idle: `node bench/georep/memory.ts [PARENT [FILES …]]`.
const [parent, ...counts] = process.argv.slice(2);
const program = fileURLToPath(new URL("../../packages/georep/src/monitor/replicate-main.ts", import.meta.url));
for (const count of counts.length > 0 ? counts : ["10000", "100000"]) {
  await using place = await benchPlace(parent);
  makeSmallFiles(place.source, Number(count), 0);
  const args = [program, place.source, place.fresh("destination"), place.fresh("state")];
  const worker = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await synced(worker.stdout);
  const children = readFileSync(`/proc/${worker.pid}/task/${worker.pid}/children`, "utf8").trim().split(" ");
  const pids = [String(worker.pid), ...children];
  const before = pids.map(cpuTicks);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const idle = pids.map((pid, index) => cpuTicks(pid) - (before[index] ?? 0));
  const peaks = pids.map((pid) => `${Math.round(Number(/VmHWM:\s+(\d+)/.exec(status(pid))?.[1]) / 1024)} MiB`);
  process.stdout.write(`${count} files: worker and secondary at most ${peaks.join(", ")}; `);
  process.stdout.write(`idle for 3 s: ${idle.join(", ")} ticks of CPU\n`);
  const ended = once(worker, "exit");
  worker.kill("SIGINT");
  await ended;
}

async function synced(output: NodeJS.ReadableStream): Promise<void> {
  for await (const line of createInterface({ input: output })) {
    const status = JSON.parse(line) as { state: string; lagSeconds: number };
    if (status.state === "active" && status.lagSeconds === 0) return;
  }
}

function status(pid: string): string {
  return readFileSync(`/proc/${pid}/status`, "utf8");
}

function cpuTicks(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
