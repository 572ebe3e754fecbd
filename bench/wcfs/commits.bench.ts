/**
 * How soon head shows what another process commits, and what eight readers get while a thousand commits a second go on.
 *
 * `node bench/wcfs/commits.bench.ts [SECONDS] [RATE]` as root; needs Python with ZODB. The database lies in memory (/dev/shm), so that the disk's
 * flushes do not set the pace; they are made all the same.
 *
 * Each reader reads a page somewhere in the file and looks at all of it, in Python, and asks for head/at after each 20. The readers' share is
 * told twice: of what they read when nothing else goes on, and of what they read while the same writer commits as often to another
 * database, which nobody serves: that takes the processor time of the writer out of the comparison. Where processors are few, a share
 * says how many of them are left to the readers. So it is told, too, how much the readers had and what a read cost them, which is what
 * misses and waiting add, and what the server used; head/at is part of that, also when nobody commits.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MNT_DETACH, umount2 } from "@belay/linux";
import { processorTime } from "./bench-server.ts";

const run = promisify(execFile);
const seconds = Number(process.argv[2] ?? 60);
const perSecond = Number(process.argv[3] ?? 1000);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env["BELAY_PYTHON"] ?? here("../../.venv/bin/python");
const entry = process.env["BELAY_WCFS_ENTRY"] ?? here("../../test/wcfs/harness/server-entry.ts");
const directory = mkdtempSync("/dev/shm/belay-bench-");
const mountpoint = join(directory, "mnt");
const database = join(directory, "data.fs");
const other = join(directory, "other.fs");
/** Seconds of the runs that others are compared with. */
const brief = 5;
const BLKSIZE = 65_536;
const BLOCKS = 24;
/** Above all numbers that were committed to measure the delay. */
const FIRST = 1000;

interface Followed {
  readonly torn: number;
  readonly reads: number;
  /** Seconds of processor time. */
  readonly cpu: number;
}

/** Readers at work for some seconds. */
interface Phase {
  readonly torn: number;
  /** Reads a second. */
  readonly rate: number;
  /** Milliseconds of processor time a second: of the readers, and of the server. */
  readonly readers: number;
  readonly served: number;
  /** READs a second that the server got, and changed blocks that it pushed. */
  readonly asked: number;
  readonly pushed: number;
}

mkdirSync(mountpoint);
const oid = makeFile();
copyFileSync(database, other);
const server = spawn(process.execPath, [entry, "-logtostderr", `file://${database}`, mountpoint], { stdio: "inherit" });
const exited = once(server, "exit");
try {
  while (!existsSync(join(mountpoint, ".wcfs/zurl"))) await sleep(10);
  console.log(`resident at the start: ${resident()} MB`);
  const quiet = await commits(300, 0);
  console.log(
    `head shows a commit after ms: p50 ${percentile(quiet.delays, 0.5)}, p95 ${percentile(quiet.delays, 0.95)}`,
  );
  const before = await phase("no commits", brief);
  const elsewhere = storm(other, brief);
  const beside = await phase("commits to another database", brief);
  await elsewhere;
  const storming = storm(database, seconds);
  const during = await phase("commits to this one", seconds);
  const { count, seconds: took } = await storming;
  const after = await phase("no commits", brief);
  // Before and after: other users of the machine come and go.
  const alone = (before.rate + after.rate) / 2;
  console.log(
    `at ${(count / took).toFixed(0)} commits a second readers keep ${(during.rate / alone).toFixed(2)} of their speed alone, ` +
      `${(during.rate / beside.rate).toFixed(2)} of that beside a writer; torn pages: ${during.torn}; resident at the end: ${resident()} MB`,
  );
} finally {
  umount2(mountpoint, MNT_DETACH);
  await exited;
  rmSync(directory, { recursive: true, force: true });
}

function makeFile(): string {
  const commands = [
    { do: "create", blksize: BLKSIZE },
    { do: "write", file: "0000000000000001", blocks: Object.fromEntries(blocks()), format: "ZBlk0" },
    { do: "close" },
  ];
  const input = commands.map((command) => JSON.stringify(command)).join("\n");
  const made = spawnSync(python, [here("../../test/wcfs/python/database.py"), database], { input, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`cannot make the database: ${made.stderr}`);
  return (JSON.parse(made.stdout.split("\n")[0] ?? "") as { oid: string }).oid;
}

function blocks(): [number, object][] {
  return Array.from({ length: BLOCKS }, (_, blk) => [blk, { hex: "00".repeat(BLKSIZE - 8) + "00".repeat(7) + "01" }]);
}

async function commits(
  count: number,
  perSecond: number,
): Promise<{ delays: number[]; count: number; seconds: number }> {
  const args = [here("commits.py"), database, mountpoint, oid, count, perSecond, BLOCKS, BLKSIZE].map(String);
  return JSON.parse((await run(python, args, { maxBuffer: 1 << 28 })).stdout) as {
    delays: number[];
    count: number;
    seconds: number;
  };
}

/** Commits in a process of its own for some seconds. */
async function storm(path: string, time: number): Promise<{ count: number; seconds: number }> {
  const args = [here("committer.ts"), path, oid, perSecond * time, perSecond, FIRST].map(String);
  return JSON.parse((await run(process.execPath, args)).stdout) as { count: number; seconds: number };
}

async function phase(what: string, time: number): Promise<Phase> {
  const before = { served: processorTime(server.pid ?? 0), ...counters() };
  const followed = await follow(time);
  const after = { served: processorTime(server.pid ?? 0), ...counters() };
  const sum = (of: (one: Followed) => number) => followed.reduce((total, one) => total + of(one), 0);
  const per = (of: (all: typeof before) => number) => (of(after) - of(before)) / time;
  const told: Phase = {
    torn: sum(({ torn }) => torn),
    rate: sum(({ reads }) => reads) / time,
    readers: (1000 * sum(({ cpu }) => cpu)) / time,
    served: per(({ served }) => served) / 1000,
    asked: per(({ reads }) => reads),
    pushed: per(({ pushed }) => pushed),
  };
  console.log(
    `${what}: ${told.rate.toFixed(0)} reads a second, ${((1000 * told.readers) / told.rate).toFixed(1)} us of processor time each; ` +
      `ms a second: readers ${told.readers.toFixed(0)}, server ${told.served.toFixed(0)}; ` +
      `READs ${told.asked.toFixed(0)}, blocks pushed ${told.pushed.toFixed(0)} a second`,
  );
  return told;
}

function counters(): { reads: number; pushed: number } {
  const metrics = readFileSync(join(mountpoint, ".wcfs/metrics"), "latin1");
  const counter = (name: string) => Number(new RegExp(`^wcfs_${name} (\\d+)$`, "m").exec(metrics)?.[1]);
  return { reads: counter("reads_total"), pushed: counter("blocks_pushed_total") };
}

function follow(time: number): Promise<Followed[]> {
  const script = here("../../test/wcfs/python/follower.py");
  const one = async (how: string) => {
    const args = [script, mountpoint, oid, BLKSIZE, BLOCKS, time, how].map(String);
    return JSON.parse((await run(python, args, { maxBuffer: 1 << 30 })).stdout) as Followed;
  };
  return Promise.all(Array.from({ length: 8 }, (_, i) => one(i % 2 === 0 ? "read" : "mmap")));
}

function percentile(sorted: readonly number[], part: number): string {
  return (sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(2);
}

function resident(): string {
  const status = readFileSync(`/proc/${server.pid ?? 0}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toFixed(0);
}
