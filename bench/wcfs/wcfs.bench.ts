/**
 * How fast the wcfs server gives what nobody has cached yet, against a minimal C server on raw /dev/fuse and plain reads of the
 * database's file, in one run, turn by turn.
 *
 * `node bench/wcfs/wcfs.bench.ts [ROUNDS] [MEGABYTES]` as root; needs gcc and Python with ZODB. The database's file is in the page cache; the mounts
 * are fresh. Prints medians.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MNT_DETACH, umount2 } from "@belay/linux";
import { sequential } from "../fuse/measure.ts";
import { firstTouches } from "./first-touches.ts";

const rounds = Number(process.argv[2] ?? 3);
const megabytes = Number(process.argv[3] ?? 512);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env["BELAY_PYTHON"] ?? here("../../.venv/bin/python");
const entry = process.env["BELAY_WCFS_ENTRY"] ?? here("../../test/wcfs/harness/server-entry.ts");
const directory = mkdtempSync(join(tmpdir(), "belay-bench-"));
const mountpoint = join(directory, "mnt");
const database = join(directory, "data.fs");
const backing = join(directory, "backing");
const peer = join(directory, "peer");
const BLKSIZE = 2 << 20;

const figures = new Map<string, number[]>();

function note(name: string, value: number): void {
  figures.set(name, [...(figures.get(name) ?? []), value]);
}

try {
  const [zblk0 = "", zblk1 = ""] = prepare();
  for (let round = 0; round < rounds; round++) {
    note("file, sequential, MB/s", sequential(backing));
    await withServer("c", () => note("C server, sequential, MB/s", sequential(join(mountpoint, "file"))));
    await withServer("c", () => noteTouches("C server", join(mountpoint, "file")));
    for (const [name, oid] of [
      ["ZBlk0", zblk0],
      ["ZBlk1", zblk1],
    ] as const) {
      const file = join(mountpoint, "head/bigfile", oid);
      await withServer("wcfs", () => {
        note(`${name}, sequential, server just started, MB/s`, sequential(file));
        note(`${name}, again from the cache, MB/s`, sequential(file));
      });
      await withServer("wcfs", () => {
        warmUp(oid);
        note(`${name}, sequential, MB/s`, sequential(file));
      });
      await withServer("wcfs", () => {
        warmUp(oid);
        noteTouches(name, file);
      });
    }
  }
  print();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

// The JavaScript of a server is compiled when it has run for a while; every real server has. A revision shares no cache with head.
function warmUp(oid: string): void {
  const file = join(mountpoint, `@${readFileSync(join(mountpoint, "head/at"), "utf8")}`, "bigfile", oid);
  sequential(file);
  firstTouches(file, BLKSIZE);
}

function noteTouches(name: string, file: string): void {
  const times = firstTouches(file, BLKSIZE);
  note(`${name}, first touch of a block, p50 µs`, times[Math.floor(times.length / 2)] ?? NaN);
  note(`${name}, first touch of a block, p99 µs`, times[Math.floor(times.length * 0.99)] ?? NaN);
}

function prepare(): string[] {
  mkdirSync(mountpoint);
  const kept = process.env["BELAY_BENCH_DATABASE"];
  if (kept !== undefined && existsSync(kept)) copyFileSync(kept, database);
  const made =
    kept !== undefined && existsSync(kept)
      ? undefined
      : spawnSync(python, [here("make_database.py"), database, String(megabytes)]);
  if (made !== undefined && made.status !== 0) throw new Error(`cannot make the database: ${made.stderr.toString()}`);
  if (kept !== undefined && made !== undefined) copyFileSync(database, kept);
  spawnSync("dd", ["if=/dev/urandom", `of=${backing}`, "bs=1M", `count=${megabytes}`]);
  const { status, stderr } = spawnSync("gcc", ["-O2", "-o", peer, here("../fuse/peer.c")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`gcc cannot compile the peer: ${stderr}`);
  return made === undefined
    ? (process.env["BELAY_BENCH_OIDS"] ?? "").split(",")
    : (JSON.parse(made.stdout.toString()) as string[]);
}

async function withServer(kind: "c" | "wcfs", measure: () => void): Promise<void> {
  const [program, ...args] =
    kind === "c" ? [peer, mountpoint, backing, "20"] : [process.execPath, entry, `file://${database}`, mountpoint];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const exited = once(child, "exit");
  try {
    const ready = kind === "c" ? "file" : ".wcfs/zurl";
    while (!existsSync(join(mountpoint, ready))) await sleep(10);
    measure();
  } finally {
    umount2(mountpoint, MNT_DETACH);
    await exited;
  }
}

function print(): void {
  console.log(`medians of ${rounds} rounds, ${megabytes} MiB in blocks of 2 MiB, read-ahead 128 KiB`);
  for (const [name, values] of figures) {
    const sorted = values.toSorted((a, b) => a - b);
    console.log(
      `${name.padEnd(40)} ${(sorted[Math.floor(sorted.length / 2)] ?? NaN).toFixed(name.endsWith("s") ? 0 : 1)}`,
    );
  }
}
