import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import {
  isAlive,
  isSameProcess,
  openLedger,
  ProcessError,
  processIdentity,
  run,
  sleep,
  spawnProcess,
  waitForEnd,
  endsWithin,
  type Ledger,
} from "../index.ts";
import { createRingBuffer } from "./ring-buffer.ts";
import { readStat } from "./identity.ts";
import { groupMembers } from "./process-group.ts";

const node = process.execPath;

/** A program that says "up" and runs until it is told to end; with `stubborn` SIGTERM does not do it. */
function program(kind: "polite" | "stubborn"): string[] {
  const trap = kind === "stubborn" ? `process.on("SIGTERM", () => {});` : "";
  return [node, "-e", `${trap} console.error("up"); setInterval(() => {}, 1000)`];
}

async function untilUp(child: { stderrTail(): Buffer }): Promise<void> {
  await expect.poll(() => child.stderrTail().toString(), { interval: 5 }).toContain("up");
}

test("run gives the bytes of stdout, whatever they are", async () => {
  const { stdout } = await run([node, "-e", "process.stdin.pipe(process.stdout)"], {
    stdin: Buffer.from([0, 255, 10]),
  });
  expect(stdout).toEqual(Buffer.from([0, 255, 10]));
});

test("what a program says is there, though it has ended before its entry in the ledger is on the disk", async () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-process-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await using ledger = await openLedger(folder);
  const slow: Ledger = {
    ...ledger,
    intend: async (what) => {
      const entry = await ledger.intend(what);
      const acquired: typeof entry.acquired = async (patch) => {
        await entry.acquired(patch);
        await sleep(200);
      };
      return { ...entry, acquired };
    },
  };
  const argv = ["sh", "-c", "echo out; echo more >&3"];
  const child = await spawnProcess(argv, { stdout: "pipe", extraStdio: ["pipe"], ledger: slow });
  const text = async (stream: Readable | null | undefined) => {
    const chunks: unknown[] = [];
    for await (const chunk of stream ?? []) chunks.push(chunk);
    return chunks.join("");
  };
  expect(await Promise.all([text(child.stdout), text(child.extra[0])])).toEqual(["out\n", "more\n"]);
  expect(await child.exited).toEqual({ code: 0, signal: undefined });
  await child[Symbol.asyncDispose]();
});

test("a program that fails is an error with its exit code and the end of its stderr", async () => {
  const failing = run([node, "-e", `console.error("one\\ntwo"); process.exit(3)`]);
  const error: unknown = await failing.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ProcessError);
  expect(error).toMatchObject({
    code: "EPROCESS",
    exitCode: 3,
    timedOut: false,
    isCanceled: false,
    isTerminated: false,
  });
  expect((error as Error).message).toBe("node: exited with 3: one\n  two");
});

test("a program that is not there is ENOENT with a hint", async () => {
  await expect(run(["belay-no-such-program"])).rejects.toMatchObject({
    code: "ENOENT",
    hint: expect.any(String) as string,
  });
});

test("a time limit stops the program and its error says so", async () => {
  await expect(run(program("polite"), { timeoutMs: 200 })).rejects.toMatchObject({
    code: "ETIMEDOUT",
    timedOut: true,
    isCanceled: false,
    isTerminated: true,
    signal: "SIGTERM",
  });
});

test("an abort stops the program, and its reason is the cause", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  const running = run(program("polite"), { signal: abort.signal });
  setTimeout(() => abort.abort(reason), 50);
  await expect(running).rejects.toMatchObject({ code: "ECANCELED", isCanceled: true, cause: reason });
});

test("one that ignores SIGTERM gets SIGKILL at half of the time", async () => {
  await using child = await spawnProcess(program("stubborn"));
  await untilUp(child);
  const start = performance.now();
  expect(await child.stop({ timeoutMs: 400 })).toEqual({ code: undefined, signal: "SIGKILL" });
  expect(performance.now() - start).toBeGreaterThan(190);
});

test("a stopped (SIGSTOP) program takes SIGTERM", async () => {
  await using child = await spawnProcess(program("polite"));
  await untilUp(child);
  child.kill("SIGSTOP");
  expect(await child.stop({ timeoutMs: 10_000 })).toMatchObject({ signal: "SIGTERM" });
});

test("leaving the scope ends the whole group, also what outlives its leader", async () => {
  const script = `const { spawn } = require("node:child_process");
    spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); console.error('up'); setInterval(() => {}, 1000)"], { stdio: ["ignore", "ignore", "inherit"] });
    setInterval(() => {}, 1000)`;
  let pgid: number;
  {
    await using child = await spawnProcess([node, "-e", script], { stopMs: 1000 });
    await untilUp(child);
    pgid = child.pid;
    expect(groupMembers(pgid)).toHaveLength(2);
  }
  expect(groupMembers(pgid)).toEqual([]);
});

test("a process is known by its start time, and its end is waited for whoever's child it is", async () => {
  await using child = await spawnProcess(program("polite"));
  const again = processIdentity(child.pid);
  expect(again && isSameProcess(again, child.identity)).toBe(true);
  expect(await endsWithin(child.identity, 100)).toBe(false);
  const waiting = waitForEnd(child.identity);
  child.kill("SIGKILL");
  await waiting;
  await waitForEnd({ ...child.identity, startTime: "1" }); // another process of that id: ours is gone
});

// No runtime of ours lets its first thread end alone; 60 and 93 are exit(2), which ends one thread.
const firstThreadEnds = `import ctypes, os, sys, threading, time
threading.Thread(target=lambda: time.sleep(1000)).start()
os.write(2, b"up")
ctypes.CDLL(None).syscall(93 if os.uname().machine == "aarch64" else 60, 0)`;

test.skipIf(!existsSync("/usr/bin/python3"))("a process runs until its last thread has ended", async () => {
  await using child = await spawnProcess(["/usr/bin/python3", "-c", firstThreadEnds]);
  await untilUp(child);
  await expect.poll(() => readStat(child.pid)?.state).toBe("Z");
  expect(isAlive(child.identity)).toBe(true);
  expect(await endsWithin(child.identity, 100)).toBe(false);
  child.kill("SIGKILL");
  await waitForEnd(child.identity);
  expect(isAlive(child.identity)).toBe(false);
});

test("a wait for an end can be given up", async () => {
  await using child = await spawnProcess(program("polite"));
  await expect(waitForEnd(child.identity, AbortSignal.timeout(50))).rejects.toMatchObject({ name: "TimeoutError" });
});

test("a start time is read right even with blanks and parentheses in the command name", async () => {
  const script = `require("node:fs").writeFileSync("/proc/self/comm", "a) R (b"); console.error("up"); setInterval(() => {}, 1000)`;
  await using child = await spawnProcess([node, "-e", script]);
  await untilUp(child);
  expect(readFileSync(`/proc/${child.pid}/comm`, "utf8")).toBe("a) R (b\n");
  expect(processIdentity(child.pid)).toEqual(child.identity);
});

test("only the last bytes of a long stderr are kept", () => {
  const ring = createRingBuffer(10);
  for (let i = 0; i < 100; i++) ring.push(Buffer.from(`${i},`));
  expect(ring.contents().toString()).toBe("6,97,98,99,".slice(-10));
  expect(ring.total).toBe(290);
});
