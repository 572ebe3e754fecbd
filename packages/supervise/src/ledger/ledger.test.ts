import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { mount, umount2 } from "@belay/linux";
import { afterAll, beforeEach, expect, test } from "vitest";
import {
  bootId,
  fileIdentity,
  isAlive,
  mountIdentity,
  MountTable,
  openLedger,
  processIdentity,
  registerKind,
  spawnProcess,
  sweep,
  tempDir,
  type SupervisedProcess,
} from "../index.ts";
import { listPids, ownerTokenVariable, tokenBearers } from "../process/process-group.ts";
import { ledgerFolder, ledgerName, ownPidNamespace, parseLedger } from "./ledger-file.ts";
import { createLedgerWriter } from "./ledger-writer.ts";

const top = mkdtempSync(join(tmpdir(), "belay-test-"));
afterAll(() => rmSync(top, { recursive: true }));
const isRoot = process.geteuid?.() === 0;

let runDir: string;
let base: string;
let count = 0;
beforeEach(() => {
  const own = join(top, String(++count));
  runDir = join(own, "run");
  base = join(own, "base");
  mkdirSync(runDir, { recursive: true });
  mkdirSync(base);
});

const ledgers = () => readdirSync(ledgerFolder(runDir)).filter((name) => name.endsWith(".jsonl"));

function startOwner(): Promise<SupervisedProcess> {
  const script = join(import.meta.dirname, "test-owner.ts");
  return spawnProcess([process.execPath, script, runDir, base], { stdout: "pipe" });
}

async function killAt(owner: SupervisedProcess, milestone: string): Promise<void> {
  const seen: Buffer[] = [];
  owner.stdout?.on("data", (bytes: Buffer) => seen.push(bytes));
  const has = () => Buffer.concat(seen).includes(`${milestone}\n`);
  while (!has()) if (owner.stdout !== null) await Promise.race([once(owner.stdout, "data"), owner.exited]);
  process.kill(owner.pid, "SIGKILL"); // the owner alone: what it owns is the sweep's
  await owner.exited;
}

/** Tokens of the process entries that stand in the ledgers of the run directory. */
function tokens(): string[] {
  const texts = ledgers().map((name) => readFileSync(join(ledgerFolder(runDir), name), "utf8"));
  return texts.flatMap((text) => [...text.matchAll(/"token":"([^"]+)"/g)].map((match) => match[1] ?? ""));
}

test("what a process that was killed owned is found and released, newest first", async () => {
  await killAt(await startOwner(), "all");
  const owned = tokens();
  expect(owned).toHaveLength(2);

  const told = await sweep({ directory: runDir });
  expect(told.entries.map(({ outcome }) => outcome)).toEqual(told.entries.map(() => "left"));
  expect(owned.flatMap(tokenBearers).length).toBeGreaterThanOrEqual(2);

  const { entries } = await sweep({ directory: runDir, fix: true });
  expect(entries.map(({ entry, outcome }) => `${entry.kind} ${outcome}`)).toEqual([
    ...(isRoot ? ["mount released"] : []),
    "socket released",
    "pid-lock released",
    "process-group released",
    "process-group released",
    "temp-dir released",
  ]);
  expect(owned.flatMap(tokenBearers)).toEqual([]);
  expect(readdirSync(base)).toEqual([]);
  expect(ledgers()).toEqual([]);
  expect(MountTable.read().below(base)).toEqual([]);
});

test("killed at any moment, nothing stays after the sweep", async () => {
  for (let round = 0; round < 20; round++) {
    const owner = await startOwner();
    // Between the first line it writes and some time after its last.
    if (round % 4 === 0)
      await killAt(owner, ["ledger", "temp-dir", "process-group", "pid-lock", "socket"][round / 4] ?? "all");
    else {
      await delay(60 + Math.random() * 60);
      process.kill(owner.pid, "SIGKILL");
      await owner.exited;
    }
    const owned = existsSync(ledgerFolder(runDir)) ? tokens() : [];
    const { entries } = await sweep({ directory: runDir, fix: true });
    expect(entries.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(owned.flatMap(tokenBearers)).toEqual([]);
    expect(readdirSync(base)).toEqual([]);
    expect(MountTable.read().below(base)).toEqual([]);
  }
});

test("the ledger of a living process is left alone", async () => {
  await using ledger = await openLedger(runDir);
  await using directory = await tempDir(ledger, { parent: base });
  const report = await sweep({ directory: runDir, fix: true });
  expect(report).toMatchObject({ entries: [], alive: 1 });
  expect(existsSync(directory.path)).toBe(true);
});

test("leaving the scope of a ledger releases what is left in it and removes its file", async () => {
  let pid: number;
  {
    await using ledger = await openLedger(runDir);
    await tempDir(ledger, { parent: base });
    ({ pid } = await spawnProcess(["/bin/sleep", "1000"], { ledger }));
    expect(ledger.entries()).toHaveLength(2);
    expect(ledgers()).toHaveLength(1);
  }
  expect(readdirSync(base)).toEqual([]);
  expect(listPids()).not.toContain(pid);
  expect(ledgers()).toEqual([]);
});

let pidNamespace = ownPidNamespace();

/** Leaves the ledger of a process that never was, with these entries. */
async function deadLedger(...entries: { kind: string; acquired?: object; [key: string]: unknown }[]): Promise<string> {
  mkdirSync(ledgerFolder(runDir), { recursive: true });
  const owner = { pid: process.pid, startTime: "1", bootId: bootId() };
  const path = join(ledgerFolder(runDir), ledgerName(owner, "0-1"));
  const header = { version: 1, owner, pidNamespace, program: ["test"] } as const;
  const writer = createLedgerWriter(path, header, () => []);
  for (const [id, { acquired, ...entry }] of entries.entries()) {
    await writer.append({ op: "intend", id, entry: entry as { kind: string } });
    if (acquired) await writer.append({ op: "acquired", id, patch: acquired as Record<string, string> });
  }
  writer.close();
  return path;
}

async function fix() {
  const { entries } = await sweep({ directory: runDir, fix: true });
  return entries.map(({ outcome }) => outcome);
}

test("a name that has become another file is not ours", async () => {
  const path = join(base, "dir");
  mkdirSync(path);
  const acquired = fileIdentity(path);
  renameSync(path, `${path}.old`);
  mkdirSync(path);
  const socket = join(base, "file");
  writeFileSync(socket, "");
  await deadLedger(
    { kind: "temp-dir", path, acquired },
    { kind: "socket", path: socket, acquired: fileIdentity(socket) },
  );
  expect(await fix()).toEqual(["gone", "gone"]);
  expect(readdirSync(base).sort()).toEqual(["dir", "dir.old", "file"]);
});

test("a process group whose number another process leads now is not ours", async () => {
  await using child = await spawnProcess(["/bin/sleep", "1000"]);
  const entry = { kind: "process-group", token: "t", leads: true, bootId: bootId() };
  await deadLedger({ ...entry, acquired: { pid: child.pid, startTime: "1" } });
  expect(await fix()).toEqual(["gone"]);
  expect(isAlive(child.identity)).toBe(true);
});

test("a process whose owner died before it could note its id is found by the token it was given", async () => {
  const spawned = spawn("/bin/sleep", ["1000"], { env: { [ownerTokenVariable]: "belay-test-token" } });
  const identity = spawned.pid === undefined ? undefined : processIdentity(spawned.pid);
  const entry = { kind: "process-group", leads: true, bootId: bootId() };
  await deadLedger({ ...entry, token: "belay-test-token" }, { ...entry, token: "belay-test-other" });
  expect(await fix()).toEqual(["gone", "released"]);
  expect(identity && isAlive(identity)).toBe(false);
});

test.skipIf(!isRoot)("another mount on the same point is not ours; one in use is detached (needs root)", async () => {
  mount("belay-test", base, "tmpfs");
  try {
    const mounted = MountTable.read().only(base);
    const entry = { kind: "mount", point: base, source: "belay-test", fstype: "tmpfs" };
    const { mountId, dev } = mountIdentity(mounted);
    await deadLedger({ ...entry, acquired: { mountId: mountId + 1, dev } }, { ...entry, source: "other" });
    expect(await fix()).toEqual(["gone", "gone"]);
    await using child = await spawnProcess(["/bin/sleep", "1000"], { cwd: base });
    await deadLedger({ ...entry, acquired: { mountId, dev } });
    expect(await fix()).toEqual(["released"]);
    expect(MountTable.read().at(base)).toEqual([]);
    expect(isAlive(child.identity)).toBe(true);
  } finally {
    if (MountTable.read().at(base).length > 0) umount2(base, 2);
  }
});

test.skipIf(!isRoot)("a directory in which something is mounted is not removed (needs root)", async () => {
  const inner = join(base, "dir", "mnt");
  mkdirSync(inner, { recursive: true });
  const acquired = fileIdentity(join(base, "dir"));
  mount("belay-test", inner, "tmpfs");
  writeFileSync(join(inner, "precious"), "x");
  const path = await deadLedger({ kind: "temp-dir", path: join(base, "dir"), acquired });
  expect(await fix()).toEqual(["failed"]);
  expect(readdirSync(inner)).toEqual(["precious"]);
  expect(existsSync(path)).toBe(true);
  umount2(inner);
  expect(await fix()).toEqual(["released"]);
  expect(existsSync(path)).toBe(false);
});

test("a kind nobody registered fails and stays, one that is registered is released from its entry", async () => {
  await deadLedger({ kind: "belay-test-container", label: "a" });
  expect(await fix()).toEqual(["failed"]);
  const labels: unknown[] = [];
  registerKind("belay-test-container", (entry) => {
    labels.push(entry["label"]);
    return Promise.resolve("released");
  });
  expect(await fix()).toEqual(["released"]);
  expect(labels).toEqual(["a"]);
});

test("sweeps of several processes exclude each other: each entry is released once", async () => {
  let running = 0;
  let released = 0;
  registerKind("belay-test-slow", async () => {
    expect(++running).toBe(1);
    await delay(50);
    running--;
    released++;
    return "released";
  });
  await deadLedger({ kind: "belay-test-slow" }, { kind: "belay-test-slow" });
  await Promise.all([fix(), fix(), fix()]);
  expect(released).toBe(2);
});

test("a ledger whose last line is torn is read up to there", async () => {
  const server = createServer().listen(join(base, "socket"));
  await once(server, "listening");
  const path = await deadLedger({
    kind: "socket",
    path: join(base, "socket"),
    acquired: fileIdentity(join(base, "socket")),
  });
  writeFileSync(path, '{"op":"intend","id":9,"ent', { flag: "a" });
  expect(await fix()).toEqual(["released"]);
  server.close();
});

test("a sweep of some programs leaves the ledgers of others alone", async () => {
  registerKind("belay-test-any", () => Promise.resolve("released"));
  const path = await deadLedger({ kind: "belay-test-any" });
  const of = (wanted: string) => sweep({ directory: runDir, fix: true, of: (program) => program.includes(wanted) });
  expect((await of("another")).entries).toEqual([]);
  expect(existsSync(path)).toBe(true);
  expect((await of("test")).entries).toMatchObject([{ outcome: "released" }]);
  expect(existsSync(path)).toBe(false);
});

test("the copy that somebody wrote when it was killed goes with the ledger", async () => {
  registerKind("belay-test-any", () => Promise.resolve("released"));
  const path = await deadLedger({ kind: "belay-test-any" });
  writeFileSync(`${path}.new`, "{");
  expect(await fix()).toEqual(["released"]);
  expect(readdirSync(ledgerFolder(runDir)).filter((name) => name !== "sweep.lock")).toEqual([]);
});

test("a ledger of another pid namespace is skipped, not taken for dead", async () => {
  pidNamespace = "pid:[1]";
  await deadLedger({ kind: "belay-test-container" });
  pidNamespace = ownPidNamespace();
  const { entries, skipped } = await sweep({ directory: runDir, fix: true });
  expect(entries).toEqual([]);
  expect(skipped).toHaveLength(1);
});

test("a long-lived ledger does not grow without end", async () => {
  await using ledger = await openLedger(runDir);
  const kept = await ledger.intend({ kind: "temp-file", path: join(base, "kept") });
  registerKind("belay-test-none", () => Promise.resolve("gone"));
  const padding = "x".repeat(20_000);
  for (let i = 0; i < 40; i++) await (await ledger.intend({ kind: "belay-test-none", padding })).release();
  const text = readFileSync(ledger.path, "utf8");
  expect(text.length).toBeLessThan(400_000);
  expect(parseLedger(text).entries).toMatchObject([{ entry: kept.entry, acquired: false }]);
});
