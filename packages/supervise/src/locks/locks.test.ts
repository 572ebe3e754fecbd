import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  openLedger,
  silentLogger,
  removeStartLock,
  spawnProcess,
  startLockPath,
  takeFileLock,
  takePidLock,
  takeStartLock,
} from "../index.ts";
import { releasePidLock } from "./release-pid-lock.ts";

const base = mkdtempSync(join(tmpdir(), "belay-test-"));
afterAll(() => rmSync(base, { recursive: true }));
const file = (name: string) => join(base, name);

/** A process that holds the pid file (by the classic kind of lock, from Python, where asked) until it is killed. */
async function spawnHolder(path: string, language: "node" | "python" = "node") {
  const index = new URL("../index.ts", import.meta.url).href;
  const node = `import { openLedger, takePidLock } from ${JSON.stringify(index)};
    const lock = await takePidLock(await openLedger(${JSON.stringify(file("run"))}), ${JSON.stringify(path)});
    console.error("held"); setInterval(() => lock, 1000)`;
  const python = `import fcntl, os, sys, time
f = open(${JSON.stringify(path)}, "a+"); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
f.write("%d\\n" % os.getpid()); f.flush(); sys.stderr.write("held"); sys.stderr.flush(); time.sleep(1000)`;
  const argv =
    language === "node" ? [process.execPath, "--input-type=module", "-e", node] : ["/usr/bin/python3", "-c", python];
  const child = await spawnProcess(argv);
  const held = expect.poll(() => child.stderrTail().toString(), { interval: 10 }).toContain("held");
  held.catch(() => undefined); // when the holder ends first
  await Promise.race([held, child.succeeded()]);
  return child;
}

test("a pid file excludes other processes, tells who has it, and can be taken at once after kill -9", async () => {
  const path = file("a.pid");
  await using ledger = await openLedger(file("run"));
  await using holder = await spawnHolder(path);
  await expect(takePidLock(ledger, path)).rejects.toMatchObject({ code: "ELOCKED", pid: holder.pid });
  expect(ledger.entries()).toEqual([]);

  holder.kill("SIGKILL");
  await holder.exited;

  {
    await using lock = await takePidLock(ledger, path);
    expect(readFileSync(lock.path, "utf8")).toBe(`${process.pid}\n`);
    await expect(takePidLock(ledger, path)).rejects.toMatchObject({ code: "ELOCKED", pid: process.pid });
  }
  expect(existsSync(path)).toBe(false);
});

test.skipIf(!existsSync("/usr/bin/python3"))(
  "programs that take pid files by lockf are excluded, and exclude us",
  async () => {
    const path = file("b.pid");
    await using ledger = await openLedger(file("run"));
    await using holder = await spawnHolder(path, "python");
    await expect(takePidLock(ledger, path)).rejects.toMatchObject({ code: "ELOCKED", pid: holder.pid });
    holder.kill("SIGKILL");
    await holder.exited;
    await using lock = await takePidLock(ledger, path);
    await expect(spawnHolder(lock.path, "python")).rejects.toThrow();
  },
);

test("a lock on a file that was unlinked meanwhile does not count", async () => {
  const path = file("c.pid");
  await using ledger = await openLedger(file("run"));
  await using old = await takePidLock(ledger, path);
  unlinkSync(path);
  {
    await using fresh = await takePidLock(ledger, path);
    await old[Symbol.asyncDispose](); // must not take the new holder's file away
    expect(readFileSync(fresh.path, "utf8")).toBe(`${process.pid}\n`);
  }
});

test("a pid file that another process has written to is not removed with our lock", async () => {
  const path = file("d.pid");
  await using ledger = await openLedger(file("run"));
  {
    await using lock = await takePidLock(ledger, path);
    writeFileSync(lock.path, "1\n");
  }
  expect(readFileSync(path, "utf8")).toBe("1\n");
});

test.each([
  ["names its owner", true, "123\n", "released"],
  ["names its owner, who died before he noted it", false, "123\n", "released"],
  ["names nobody yet", false, "", "released"],
  ["names nobody, and did name its owner", true, "", "gone"],
  ["names another process", false, "124\n", "gone"],
])("the pid file of a dead owner that %s", async (_, acquired, text, outcome) => {
  const path = file("e.pid");
  writeFileSync(path, text);
  const owner = { pid: 123, startTime: "1", bootId: "" };
  const context = { owner, acquired, logger: silentLogger, signal: undefined };
  expect(await releasePidLock({ kind: "pid-lock", path }, context)).toBe(outcome);
  expect(existsSync(path)).toBe(outcome === "gone");
});

test("a file lock is waited for, in vain until it is free", async () => {
  const first = await takeFileLock(file("x.lock"));
  await expect(takeFileLock(file("x.lock"))).rejects.toMatchObject({ code: "ELOCKED" });
  await expect(takeFileLock(file("x.lock"), { wait: true, signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
    name: "TimeoutError",
  });
  const waiting = takeFileLock(file("x.lock"), { wait: true });
  first[Symbol.dispose]();
  (await waiting)[Symbol.dispose]();
});

test("start locks of different names do not disturb each other", async () => {
  using a = await takeStartLock(file("mnt-a"));
  using b = await takeStartLock(file("mnt-b"));
  expect(a.path).not.toBe(b.path);
  await expect(takeStartLock(file("mnt-a"), { wait: false })).rejects.toMatchObject({ code: "ELOCKED" });
});

test("a start lock is one for all users and environments, and whoever waits notices that its file was removed", async () => {
  const target = file("mnt-c");
  const umask = process.umask(0o077);
  const held = await takeStartLock(target);
  process.umask(umask);
  expect(held.path).toBe(startLockPath(target));
  expect(statSync(held.path).mode & 0o777).toBe(0o644);
  const waiting = takeStartLock(target);
  removeStartLock(held);
  held[Symbol.dispose]();
  using next = await waiting;
  expect(existsSync(next.path)).toBe(true);
  await expect(takeStartLock(target, { wait: false })).rejects.toMatchObject({ code: "ELOCKED" });
});

test.skipIf(process.geteuid?.() !== 0)("another user's start lock excludes (needs root)", async () => {
  const shared = mkdtempSync(join(tmpdir(), "belay-test-"));
  try {
    chmodSync(shared, 0o1777);
    const target = join(shared, "mnt");
    using held = await takeStartLock(target);
    chownSync(held.path, 65534, 65534);
    await expect(takeStartLock(target, { wait: false })).rejects.toMatchObject({ code: "ELOCKED" });
    const flock = (uid: number) => spawnSync("flock", ["--nonblock", held.path, "true"], { uid }).status;
    expect(flock(1)).toBe(1);
    held[Symbol.dispose]();
    expect(flock(1)).toBe(0);
  } finally {
    rmSync(shared, { recursive: true });
  }
});

test("what is no file is no start lock", async () => {
  mkdirSync(file("mnt-d.lock"));
  await expect(takeStartLock(file("mnt-d"))).rejects.toMatchObject({ code: "ELOCKFILE" });
  symlinkSync(file("elsewhere"), file("mnt-e.lock"));
  await expect(takeStartLock(file("mnt-e"))).rejects.toMatchObject({ code: "ELOCKFILE" });
});
