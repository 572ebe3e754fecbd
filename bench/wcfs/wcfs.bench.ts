/**
 * How fast the wcfs server gives what nobody has cached yet, against a minimal C server on raw /dev/fuse that serves the same blocks of the
 * same file, and against plain reads of the database's file; in one run, turn by turn.
 *
 * `node bench/wcfs/wcfs.bench.ts [ROUNDS] [MEGABYTES]` as root; needs gcc and Python with ZODB. The database's file is in the page cache, but for
 * the figures that say otherwise; what the mounts have cached of the file that is read is dropped before each pass, and nobody else may be using
 * the machine when it begins. Prints medians and best passes: on a machine that others use too, the best tell more.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sequential } from "../fuse/measure.ts";
import { dropPages, median, processorTime, untilIdle, wcfsServer, withProgram } from "./bench-server.ts";
import type { BenchServer } from "./bench-server.ts";
import { blockPlaces } from "./block-places.ts";
import { firstTouches } from "./first-touches.ts";

const rounds = Number(process.argv[2] ?? 3);
const megabytes = Number(process.argv[3] ?? 256);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env["BELAY_PYTHON"] ?? here("../../.venv/bin/python");
const directory = mkdtempSync(join(tmpdir(), "belay-bench-"));
const mountpoint = join(directory, "mnt");
const peerMountpoint = join(directory, "peer-mnt");
const peerFile = join(peerMountpoint, "file");
const database = join(directory, "data.fs");
const places = join(directory, "places");
const peer = join(directory, "peer");
const BLKSIZE = 2 << 20;
/** Passes over the file on one server, each beside one of the C server. */
const PASSES = 4;
/** READs of 128 KiB in a file. */
const READS = (megabytes << 20) / (128 << 10);

const figures = new Map<string, number[]>();

function note(name: string, value: number): void {
  figures.set(name, [...(figures.get(name) ?? []), value]);
}

try {
  const oids = await prepare();
  for (let round = 0; round < rounds; round++) {
    note("file, MB/s", sequential(database));
    await withPeer(() => noteTouches("C server", peerFile));
    for (const [name, oid] of oids) {
      const other = oids.find((pair) => pair[1] !== oid)?.[1] ?? oid;
      await measureWcfs(name, join(mountpoint, "head/bigfile", oid), oid, other);
    }
  }
  print();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function measureWcfs(name: string, file: string, oid: string, other: string): Promise<void> {
  await withWcfs(async () => {
    await untilIdle();
    note(`${name}, server just started, MB/s`, sequential(file));
    note(`${name}, again from the cache, MB/s`, sequential(file));
  });
  await withPeer((c) =>
    withWcfs(async (server) => {
      await warmUp(oid, other);
      for (let pass = 0; pass < PASSES; pass++) {
        await noteSequential("C server", peerFile, c);
        const speed = await noteSequential(name, file, server);
        if (pass === 0) note(`${name}, the first time, MB/s`, speed);
      }
    }),
  );
  await withWcfs(async () => {
    await warmUp(oid, other);
    noteTouches(name, file);
  });
  await withWcfs(() => {
    dropPages(database);
    note(`${name}, pages of the database dropped, MB/s`, sequential(file));
  });
  dropPages(database);
  note("file, pages dropped, MB/s", sequential(database));
}

// The JavaScript of a server is compiled for good when it has run 3000 times, and anew for what it has not met before; in every real server it has.
// A revision of the file and another file under head take the same way, and share no cache with the file under head. The C server has read nothing
// of its file then, and neither has ours of the file under head: that pass is told by itself, too.
async function warmUp(oid: string, other: string): Promise<void> {
  const at = readFileSync(join(mountpoint, "head/at"), "utf8");
  const revision = join(mountpoint, `@${at}`, "bigfile", oid);
  for (let done = 0; done < 2 * 3000; done += READS) {
    for (const file of [revision, join(mountpoint, "head/bigfile", other)]) {
      sequential(file);
      dropPages(file);
    }
  }
  firstTouches(revision, BLKSIZE);
  // Meanwhile the blocks that were touched are uploaded.
  await sleep(1000);
}

async function noteSequential(name: string, file: string, { pid }: BenchServer): Promise<number> {
  dropPages(file);
  await untilIdle();
  const before = processorTime(pid);
  const speed = sequential(file);
  note(`${name}, MB/s`, speed);
  note(`${name}, processor time a READ, us`, (processorTime(pid) - before) / READS);
  return speed;
}

function noteTouches(name: string, file: string): void {
  const times = firstTouches(file, BLKSIZE);
  note(`${name}, first touch of a block, p50 us`, times[Math.floor(times.length / 2)] ?? NaN);
  note(`${name}, first touch of a block, p99 us`, times[Math.floor(times.length * 0.99)] ?? NaN);
}

async function prepare(): Promise<[name: string, oid: string][]> {
  for (const path of [mountpoint, peerMountpoint]) mkdirSync(path);
  const made = spawnSync(python, [here("make_database.py"), database, String(megabytes)], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`cannot make the database: ${made.stderr}`);
  const { status, stderr } = spawnSync("gcc", ["-O2", "-o", peer, here("../fuse/peer.c")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`gcc cannot compile the peer: ${stderr}`);
  // What is still to be written would be written while the first figures are taken, and cannot be dropped.
  spawnSync("sync", ["-f", database]);
  const [zblk0 = "", zblk1 = ""] = JSON.parse(made.stdout) as string[];
  const { blksize, offsets } = await blockPlaces(database, zblk0);
  writeFileSync(places, [blksize, ...offsets].join("\n"));
  return [
    ["ZBlk0", zblk0],
    ["ZBlk1", zblk1],
  ];
}

function withPeer(measure: (server: BenchServer) => void | Promise<void>): Promise<void> {
  sequential(database);
  return withProgram([peer, peerMountpoint, database, "20", places], peerMountpoint, "file", measure);
}

function withWcfs(measure: (server: BenchServer) => void | Promise<void>): Promise<void> {
  sequential(database);
  return withProgram(wcfsServer(database, mountpoint), mountpoint, ".wcfs/zurl", measure);
}

function print(): void {
  console.log(
    `${rounds} rounds of ${PASSES} passes, ${megabytes} MiB a file in blocks of 2 MiB, read-ahead 128 KiB: median, best`,
  );
  for (const [name, values] of figures) {
    const best = name.endsWith("MB/s") ? Math.max(...values) : Math.min(...values);
    console.log(`${name.padEnd(48)} ${median(values).toFixed(0).padStart(7)} ${best.toFixed(0).padStart(7)}`);
  }
  console.log("ratios: of medians, of best rounds");
  for (const name of ["ZBlk0", "ZBlk1"]) {
    ratio(`${name} / C server`, `${name}, MB/s`, "C server, MB/s");
    ratio(`${name}, the first time / C server`, `${name}, the first time, MB/s`, "C server, MB/s");
    ratio(`${name} / file, pages dropped`, `${name}, pages of the database dropped, MB/s`, "file, pages dropped, MB/s");
  }
}

function ratio(name: string, ours: string, theirs: string): void {
  const [a = [], b = []] = [figures.get(ours), figures.get(theirs)];
  const middle = (median(a) / median(b)).toFixed(2);
  console.log(`${name.padEnd(48)} ${middle.padStart(7)} ${(Math.max(...a) / Math.max(...b)).toFixed(2).padStart(7)}`);
}
