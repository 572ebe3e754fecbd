import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { umount2 } from "@belay/linux";
import { isMountpoint, spawnProcess, takeFileLock, type FileLock, type SupervisedProcess } from "@belay/supervise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkKernel } from "./host-checks.ts";
import { doctor, isHealthy, reportJson, reportText } from "./index.ts";
import { treatStartLocks } from "./run-files.ts";
import { treatMountpoints, treatMounts } from "./stale-mounts.ts";

const base = mkdtempSync(join(tmpdir(), "belay-test-"));
const runDir = join(base, "run");
const point = join(base, "mnt");
mkdirSync(runDir, { mode: 0o700 });
mkdirSync(point);
// Of `test/dead-mounts.ts`: what is examined here are the mounts of the whole machine.
let lock: FileLock;
beforeAll(async () => {
  lock = await takeFileLock(join(tmpdir(), "belay-test-dead-mounts.lock"), { wait: true });
});
afterAll(() => {
  rmSync(lock.path);
  lock[Symbol.dispose]();
  if (isMountpoint(point)) umount2(point, 2);
  rmSync(base, { recursive: true });
});
const canMount = process.geteuid?.() === 0 && existsSync("/dev/fuse");
const supervise = JSON.stringify(import.meta.resolve("@belay/supervise"));
const linux = JSON.stringify(import.meta.resolve("@belay/linux"));

async function start(script: string): Promise<SupervisedProcess> {
  const child = await spawnProcess([
    process.execPath,
    "--input-type=module",
    "-e",
    `${script}; console.error("up"); setInterval(() => {}, 1000)`,
  ]);
  await expect.poll(() => child.stderrTail().toString(), { interval: 10 }).toContain("up");
  return child;
}

async function kill(child: SupervisedProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
}

const examine = (fix: boolean) => doctor({ fix, directories: [runDir] });
const ofRun = (leftovers: readonly { kind: string; state: string; text: string }[]) =>
  leftovers.filter(({ text }) => text.includes(base)).map(({ kind, state }) => `${kind} ${state}`);

test("what a killed process left is told, removed with fix, and then no more", async () => {
  await using owner = await start(`import { openLedger, tempDir } from ${supervise};
    await tempDir(await openLedger(${JSON.stringify(runDir)}), { parent: ${JSON.stringify(base)} })`);
  await kill(owner);
  const told = await examine(false);
  expect(ofRun(told.leftovers)).toEqual(["temp-dir left"]);
  expect(isHealthy(told)).toBe(false);
  expect(reportText(told)).toMatch(/^left {3}temp-dir: .* of process \d+ /m);
  expect(ofRun((await examine(true)).leftovers)).toEqual(["temp-dir fixed"]);
  expect(ofRun((await examine(false)).leftovers)).toEqual([]);
});

test("lock files go when they are old and nobody holds them", async () => {
  const old = new Date(Date.now() - 2 * 24 * 3600_000);
  mkdirSync(join(runDir, "locks"));
  using held = await takeFileLock(join(runDir, "locks", "held.lock"));
  const free = join(runDir, "locks", "free.lock");
  writeFileSync(free, "");
  for (const path of [held.path, free]) utimesSync(path, old, old);
  const { leftovers } = await examine(true);
  expect(leftovers.filter(({ text }) => text === free)).toEqual([{ kind: "lock-file", state: "fixed", text: free }]);
  expect([existsSync(held.path), existsSync(free)]).toEqual([true, false]);
});

test.skipIf(!canMount)(
  "a mount whose server died is unmounted, one whose server hangs is only told (needs root)",
  async () => {
    const serve = `import { openSync, readSync, writeSync } from "node:fs"; import { mount } from ${linux};
    const fd = openSync("/dev/fuse", "r+");
    mount("file:///belay-test", ${JSON.stringify(point)}, "fuse.wcfs", 0, \`fd=\${fd},rootmode=40000,user_id=0,group_id=0\`)`;
    await using server = await start(serve);
    const ofPoint = async (fix: boolean) => (await treatMounts(fix)).filter(({ text }) => text.includes(point));
    expect(await ofPoint(true)).toMatchObject([
      { kind: "hung-mount", state: "left", hint: "wcfs stop file:///belay-test" },
    ]);
    await kill(server);
    expect(await ofPoint(false)).toMatchObject([{ kind: "stale-mount", state: "left" }]);
    expect(await ofPoint(true)).toMatchObject([{ kind: "stale-mount", state: "fixed" }]);
    expect(isMountpoint(point)).toBe(false);
  },
);

test("directories for mounts go when they are old, empty and bear our kind of name", async () => {
  const names = { old: "a".repeat(40), full: "b".repeat(40), fresh: "c".repeat(40), other: "notes" };
  const root = join(base, "wcfs");
  for (const name of Object.values(names)) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, names.full, "file"), "");
  const old = new Date(Date.now() - 2 * 3600_000);
  for (const name of [names.old, names.full, names.other]) utimesSync(join(root, name), old, old);
  expect(await treatMountpoints(true, root)).toMatchObject([
    { state: "fixed", text: `${join(root, names.old)} is empty` },
  ]);
  expect(Object.values(names).map((name) => existsSync(join(root, name)))).toEqual([false, true, true, true]);
});

test("start locks go with their mountpoint, when they are old", async () => {
  const root = join(base, "locks-of-mounts");
  mkdirSync(join(root, "a".repeat(40)), { recursive: true });
  const locks = ["a", "b", "c"].map((letter) => join(root, `${letter.repeat(40)}.lock`));
  for (const path of locks) writeFileSync(path, "");
  const old = new Date(Date.now() - 2 * 24 * 3600_000);
  for (const path of locks.slice(0, 2)) utimesSync(path, old, old);
  expect(await treatStartLocks(root, true)).toEqual([{ kind: "lock-file", state: "fixed", text: locks[1] }]);
  expect(locks.map((path) => existsSync(path))).toEqual([true, false, true]);
});

test("kernels are judged by their number", () => {
  expect(["4.19.0-26-amd64", "5.4.0", "5.10.0", "6.18.44-fc"].map((version) => checkKernel(version).state)).toEqual([
    "fail",
    "warn",
    "ok",
    "ok",
  ]);
});

test("the report has a line for each finding, a hint below what has one, and a JSON form", () => {
  const report = {
    checks: [
      { name: "fuse-device", state: "fail", text: "not there", hint: "modprobe fuse" },
      { name: "kernel", state: "ok", text: "Linux 6.1" },
    ],
    leftovers: [{ kind: "mount", state: "fixed", text: "/mnt" }],
  } as const;
  expect(reportText(report)).toBe(
    "fail   fuse-device: not there\n       hint: modprobe fuse\nok     kernel: Linux 6.1\nfixed  mount: /mnt\n1 failed, 1 removed\n",
  );
  expect(JSON.parse(reportJson(report))).toEqual({ healthy: false, ...report });
});
