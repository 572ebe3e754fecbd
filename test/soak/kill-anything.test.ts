import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode, MountTable, openProc, type ProcProcess } from "@belay/supervise";
import { Database, exportFile, importFile, listBigFiles, mountpointOf } from "@belay/wcfs";
import { formatTid, openStorage, parseTid, type Tid } from "@belay/zodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lockDeadMounts } from "../dead-mounts.ts";
import { killIfThere } from "../georep/gsyncd-place.ts";
import { havePython, readWithPython } from "../python/read-with-python.ts";

// SIGKILL at a random moment, for one of those who take part; then everything has to be there, and nothing too much.

const rounds = Number(process.env["BELAY_SOAK_ROUNDS"] ?? 10);
const root = join(import.meta.dirname, "..", "..");
const built = join(root, "dist", "bin");
const bin = existsSync(join(built, "wcfs")) ? built : join(root, "bin");

const blockSize = 32 * 1024;
const fileSize = 64 * blockSize;
const victims = ["server", "launcher", "writer"] as const;

let directory: string;
let zurl: string;
let mountpoint: string;
/** What a commit was told to be, by tid; all of these have to be in the database for ever. */
const promised = new Set<Tid>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "belay-test-soak-"));
  process.env["WENDELIN_CORE_WCFS_OPTIONS"] = `-log_dir ${directory}`;
  process.env["BELAY_RUN_DIR"] = join(directory, "run");
  zurl = `file://${join(directory, "Data.fs")}`;
  mountpoint = mountpointOf(zurl);
  const input = join(directory, "start.bin");
  writeFileSync(input, randomBytes(fileSize));
  await importFile({ zurl, input, placement: { kind: "new" }, createDatabase: true, name: "big", blockSize });
});

afterAll(async () => {
  await run("wcfs", "stop", zurl);
  rmSync(directory, { recursive: true });
});

function start(program: string, ...args: string[]): ChildProcess {
  return spawn(join(bin, program), args, { stdio: ["ignore", "pipe", "pipe"] });
}

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const closed = once(child, "close");
  const [code] = (await once(child, "exit")) as [number | null];
  // What it said comes after its end; a server that it has started keeps the pipe.
  await Promise.race([closed, sleep(code === 0 ? 0 : 2000)]);
  return { code, stderr };
}

function run(program: string, ...args: string[]): Promise<Ended> {
  const child = start(program, ...args);
  child.stdout?.resume();
  return ended(child);
}

/** Overwrites a random part in many small transactions, and notes each commit that is told. */
function startWriter(): ChildProcess {
  const input = join(directory, "patch.bin");
  const length = Math.floor(Math.random() * fileSize) + 1;
  writeFileSync(input, randomBytes(length));
  const offset = Math.floor(Math.random() * (fileSize - length));
  const options = ["--name", "big", "--offset", `${offset}`, "--transaction-size", `${blockSize}`, "--json"];
  const writer = start("belay", "wcfs", "import", input, zurl, ...options);
  let text = "";
  writer.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) notePromise(JSON.parse(line) as { event: string; tid: string });
  });
  return writer;
}

function notePromise({ event, tid }: { event: string; tid: string }): void {
  if (event === "committed") promised.add(parseTid(tid));
}

/** Starts everything, and kills the victim some time on its way. */
async function crash(victim: (typeof victims)[number]): Promise<void> {
  const launcher = start("wcfs", "start", zurl);
  launcher.stdout?.resume();
  const writer = startWriter();
  const ends = [ended(launcher), ended(writer)];
  await sleep(Math.random() * 700);
  if (victim === "launcher") launcher.kill("SIGKILL");
  if (victim === "writer") writer.kill("SIGKILL");
  if (victim === "server") killServers();
  await Promise.all(ends);
}

function killServers(): void {
  for (const pid of serverPids()) killIfThere(pid, "SIGKILL");
}

function serverPids(): number[] {
  const isServer = (argv: readonly Buffer[]): boolean =>
    argv.at(-1)?.toString() === mountpoint && argv.at(-2)?.toString() === zurl;
  return [...openProc({ isolation: "none" }).processes()]
    .filter((process) => isServer(argvOf(process)))
    .map((process) => process.pid);
}

/** Empty: it has ended. */
function argvOf(process: ProcProcess): readonly Buffer[] {
  try {
    return process.argv;
  } catch (error) {
    if (hasCode(error, "ESRCH")) return [];
    throw error;
  }
}

/** The newest state of the database, and that no promise was broken. */
async function databaseState(): Promise<{ readonly head: Tid; readonly content: Buffer }> {
  await using storage = await openStorage(zurl);
  const tids = new Set(Array.from(storage.iterate(), ({ tid }) => tid));
  const lost = [...promised].filter((tid) => !tids.has(tid)).map(formatTid);
  expect(lost).toEqual([]);
  const database = new Database(storage);
  const head = storage.lastTid();
  const [file] = listBigFiles(database, head);
  const output = join(directory, "output.bin");
  await exportFile(database, { file: file?.oid ?? 0n, at: head, output });
  return { head, content: readFileSync(output) };
}

async function expectServed({ head, content }: { readonly head: Tid; readonly content: Buffer }): Promise<void> {
  await expect.poll(() => readFileSync(join(mountpoint, "head/at"), "latin1")).toBe(formatTid(head));
  await using storage = await openStorage(zurl);
  const [file] = listBigFiles(new Database(storage), head);
  const served = readFileSync(join(mountpoint, "head/bigfile", formatTid(file?.oid ?? 0n)));
  expect(served.equals(content)).toBe(true);
}

function expectNothingLeft(): void {
  expect(MountTable.read().at(mountpoint)).toEqual([]);
  expect(existsSync(mountpoint)).toBe(false);
  expect(serverPids()).toEqual([]);
  // Data.fs.tr0 …: what a killed writer had begun; the next one cuts it off and keeps it there, as ZODB does.
  const known = /^(Data\.fs(\.index|\.lock|\.tr\d+)?|(start|patch|output)\.bin|run|wcfs\..*)$/;
  expect(readdirSync(directory).filter((name) => !known.test(name))).toEqual([]);
}

test(
  `${rounds} times: whoever is killed, the next start serves what was committed, and stopping leaves nothing`,
  async () => {
    for (let round = 0; round < rounds; round++) {
      const victim = victims[round % victims.length] ?? "server";
      await crash(victim);
      const state = await databaseState();
      if (round % 2 === 0) {
        using _others = await lockDeadMounts();
        await run("belay", "doctor", "--fix");
      }
      const again = await run("wcfs", "start", zurl);
      if (again.code !== 0) expect(again.stderr).toContain("already running");
      await expectServed(state);
      expect(await run("wcfs", "stop", zurl)).toMatchObject({ code: 0 });
      expectNothingLeft();
    }
    expect(promised.size).toBeGreaterThan(rounds);
  },
  rounds * 60_000,
);

test.skipIf(!havePython)("Python's ZODB opens the database afterwards, and reads the same", async () => {
  const { content } = await databaseState();
  expect(readWithPython(zurl, "big").equals(content)).toBe(true);
});
