/** The servers that the benchmarks measure, each in a process of its own, and what they cost. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MNT_DETACH, umount2 } from "@belay/linux";

const entry =
  process.env["BELAY_WCFS_ENTRY"] ?? fileURLToPath(new URL("../../test/wcfs/harness/server-entry.ts", import.meta.url));

/** A server that is ready. */
export interface BenchServer {
  readonly pid: number;
  /** Milliseconds from its start until it answered. */
  readonly startMs: number;
}

/** Starts a program that serves a mount, measures, and has it end. @param ready  below the mountpoint; there when it serves */
export async function withProgram(
  argv: readonly string[],
  mountpoint: string,
  ready: string,
  measure: (server: BenchServer) => void | Promise<void>,
): Promise<void> {
  const [program = "", ...args] = argv;
  const started = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const exited = once(child, "exit");
  try {
    while (!existsSync(join(mountpoint, ready))) await sleep(1);
    await measure({ pid: child.pid ?? 0, startMs: performance.now() - started });
  } finally {
    umount2(mountpoint, MNT_DETACH);
    await exited;
  }
}

/** The command line of the wcfs server; its logs lie beside the database. */
export function wcfsServer(database: string, mountpoint: string): string[] {
  return [process.execPath, entry, "-log_dir", dirname(database), `file://${database}`, mountpoint];
}

/** Microseconds of processor time that all threads of a process have had. */
export function processorTime(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = (tid: string) => Number(readFileSync(join(tasks, tid, "schedstat"), "latin1").split(" ")[0]);
  return readdirSync(tasks).reduce((sum, tid) => sum + nanoseconds(tid), 0) / 1000;
}

/** Ticks (10 ms) that the processors of this machine have been busy, or were given to others. */
function busyTicks(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    readFileSync("/proc/stat", "latin1").split("\n", 1)[0] ?? ""
  )
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user + nice + system + irq + softirq + steal;
}

/** Waits until nobody else uses the machine, a second at most. */
export async function untilIdle(): Promise<void> {
  for (let looks = 0; looks < 20; looks++) {
    const before = busyTicks();
    await sleep(50);
    if (busyTicks() - before <= 1) return;
  }
}

/** Megabytes in memory: the process's own, and pages of files it has mapped, which are the page cache's. */
export function residentMb(pid: number): { own: number; mapped: number } {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024;
  return { own: field("RssAnon"), mapped: field("RssFile") + field("RssShmem") };
}

/** Has the kernel forget the cached pages of a file. */
export function dropPages(path: string): void {
  // Of all ways to call posix_fadvise(DONTNEED) the one that is everywhere.
  const { status } = spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
  if (status !== 0) throw new Error(`cannot drop the pages of ${path}`);
}

/** The middle one of some figures. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
