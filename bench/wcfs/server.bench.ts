/**
 * What the wcfs server costs beside cold reading: time until it is mounted, `wcfs status`, stat and open, what is cached, memory.
 *
 * `node bench/wcfs/server.bench.ts [GIGABYTES]` as root; needs Python with ZODB. The peer is the file system that the database lies on. What is
 * in dist/ (`make build`) is started, too, if it is there; it may be older than the sources.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mmap } from "@belay/linux";
import { sequential, stats } from "../fuse/measure.ts";
import { dropPages, median, residentMb, wcfsServer, withProgram } from "./bench-server.ts";

const gigabytes = Number(process.argv[2] ?? 10);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env["BELAY_PYTHON"] ?? here("../../.venv/bin/python");
const executable = here("../../dist/bin/wcfs");
const directory = mkdtempSync(join(tmpdir(), "belay-bench-"));
const mountpoint = join(directory, "mnt");
const plain = join(directory, "plain");
const LARGE = 256;
const SMALL_BLOCK = 4096;

try {
  mkdirSync(mountpoint);
  const large = makeDatabase("large.fs", LARGE, 2 << 20);
  const small = makeDatabase("small.fs", 400, SMALL_BLOCK);
  writeFileSync(plain, Buffer.alloc(LARGE << 20, "plain"));
  await startUp(large.database);
  await withProgram(wcfsServer(large.database, mountpoint), mountpoint, ".wcfs/zurl", () => cached(large.file));
  await withProgram(wcfsServer(small.database, mountpoint), mountpoint, ".wcfs/zurl", ({ pid }) => {
    memory("at the start", pid);
    for (const blocks of [1000, 10_000, 100_000]) {
      readBlocks(small.file, blocks);
      memory(`after ${blocks} blocks`, pid);
    }
  });
  await withProgram(wcfsServer(large.database, mountpoint), mountpoint, ".wcfs/zurl", ({ pid }) => {
    for (let done = 0; done < gigabytes * 1024; done += LARGE) {
      sequential(large.file);
      dropPages(large.file);
      if (done === 0) memory(`after ${LARGE} MiB`, pid);
      const read = (done + LARGE) / 1024;
      if ([1, 2, 5, gigabytes].includes(read)) memory(`after ${read} GiB`, pid);
    }
  });
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function makeDatabase(name: string, megabytes: number, blksize: number): { database: string; file: string } {
  const database = join(directory, name);
  const args = [here("make_database.py"), database, megabytes, blksize].map(String);
  const made = spawnSync(python, args, { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`cannot make the database: ${made.stderr}`);
  const [oid = ""] = JSON.parse(made.stdout) as string[];
  return { database, file: join(mountpoint, "head/bigfile", oid) };
}

async function startUp(database: string): Promise<void> {
  const [program = "", entry = "", ...args] = wcfsServer(database, mountpoint);
  const cli = here("../../packages/wcfs/src/cli/wcfs.ts");
  await startUpOf("from the sources", [program, entry, ...args], [program, cli]);
  if (existsSync(executable)) await startUpOf("the executable", [executable, ...args], [executable]);
}

async function startUpOf(what: string, server: readonly string[], wcfs: readonly string[]): Promise<void> {
  const starts: number[] = [];
  const statuses: number[] = [];
  const bare: number[] = [];
  const [program = "", ...args] = wcfs;
  for (let round = 0; round < 5; round++) {
    await withProgram(server, mountpoint, ".wcfs/zurl", ({ startMs }) => {
      starts.push(startMs);
    });
    statuses.push(timeOf(program, [...args, "status", `file://${join(directory, "nothing.fs")}`]));
    bare.push(timeOf(process.execPath, ["--eval", ""]));
  }
  const empty = median(bare);
  tell(`start until .wcfs/zurl can be read, ${what}, ms`, median(starts), empty, "of an empty script");
  tell(`\`wcfs status\` of a server that is not there, ${what}, ms`, median(statuses), empty, "of an empty script");
}

function timeOf(program: string, args: readonly string[]): number {
  const started = performance.now();
  spawnSync(program, args, { stdio: "ignore" });
  return performance.now() - started;
}

function cached(file: string): void {
  for (const path of [file, plain]) sequential(path);
  const before = readsAnswered();
  const hot = [sequential(file), sequential(file), sequential(file)];
  const mapped = [touch(file), touch(file), touch(file)];
  const asked = readsAnswered() - before;
  tell("hot read, MB/s", Math.max(...hot), Math.max(sequential(plain), sequential(plain)), "of ext4");
  tell("hot mapping, a page, ns", Math.min(...mapped), Math.min(touch(plain), touch(plain)), "of ext4");
  tell("READs that the server got meanwhile", asked);
  tell("stat a second", stats(file, 50_000), stats(plain, 50_000), "of ext4");
  tell("open and close a second", opens(file), opens(plain), "of ext4");
}

function readsAnswered(): number {
  const metrics = readFileSync(join(mountpoint, ".wcfs/metrics"), "latin1");
  return Number(/reads_total (\d+)/.exec(metrics)?.[1] ?? NaN);
}

/** Nanoseconds to touch a page of a mapping, all of them in order. */
function touch(path: string): number {
  const fd = openSync(path, "r");
  using mapping = mmap({ fd, length: LARGE << 20 });
  closeSync(fd);
  const bytes = mapping.view();
  let sum = 0;
  const started = performance.now();
  for (let at = 0; at < bytes.length; at += 4096) sum += bytes[at] ?? 0;
  const elapsed = performance.now() - started;
  if (sum === 0) throw new Error("the mapping is empty");
  return (1e6 * elapsed) / (bytes.length / 4096);
}

function opens(path: string): number {
  const count = 20_000;
  const started = performance.now();
  for (let i = 0; i < count; i++) closeSync(openSync(path, "r"));
  return (1000 * count) / (performance.now() - started);
}

function readBlocks(path: string, blocks: number): void {
  const fd = openSync(path, "r");
  const buffer = Buffer.alloc(1 << 20);
  for (let at = 0; at < blocks * SMALL_BLOCK;) at += readSync(fd, buffer, 0, buffer.length, at);
  closeSync(fd);
}

function memory(when: string, pid: number): void {
  const { own, mapped } = residentMb(pid);
  console.log(`memory ${when}: ${own.toFixed(0)} MB own, ${mapped.toFixed(0)} MB of mapped files`);
}

function tell(name: string, value: number, peer?: number, what = ""): void {
  const ratio = peer === undefined ? "" : `  ${(value / peer).toFixed(2)} ${what} (${peer.toFixed(0)})`;
  console.log(`${name}: ${value.toFixed(0)}${ratio}`);
}
