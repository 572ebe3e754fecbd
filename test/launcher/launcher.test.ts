import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { MountTable } from "@belay/supervise";
import { importFile, join, mountpointOf, serve, start, status, stop } from "@belay/wcfs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { lockDeadMounts } from "../dead-mounts.ts";

let directory: string;
let zurl: string;
let mountpoint: string;
let count = 0;

beforeAll(() => {
  directory = mkdtempSync(joinPath(tmpdir(), "belay-test-launcher-"));
  process.env["WENDELIN_CORE_WCFS_OPTIONS"] = `-log_dir ${directory}`;
});
afterAll(() => rmSync(directory, { recursive: true }));

afterEach(async () => {
  await stop(zurl);
  expect(MountTable.read().at(mountpoint)).toEqual([]);
  expect(left()).toEqual([]);
});

async function newDatabase(): Promise<void> {
  zurl = `file://${joinPath(directory, `${count++}.fs`)}`;
  mountpoint = mountpointOf(zurl);
  const input = joinPath(directory, "input");
  writeFileSync(input, "hello");
  await importFile({ zurl, input, placement: { kind: "new" }, createDatabase: true, name: "a" });
}

const left = () => [mountpoint, `${mountpoint}.lock`].filter((path) => existsSync(path));

async function statusLines(): Promise<string[]> {
  const lines: string[] = [];
  await status(zurl, { print: (line) => lines.push(line) }).catch((error: unknown) => lines.push(String(error)));
  return lines;
}

/** What status says and how long it takes, asked again when that is too long: a busy machine has its share in it. */
async function quickestOf(times: number, limitMs: number): Promise<{ ms: number; lines: string[] }> {
  const begin = performance.now();
  const lines = await statusLines();
  const ms = performance.now() - begin;
  return ms < limitMs || times === 1 ? { ms, lines } : quickestOf(times - 1, limitMs);
}

function serverPid(lines: readonly string[]): number {
  return Number(/pid(\d+)/.exec(lines.find((line) => line.includes("wcfs server")) ?? "")?.[1]);
}

test("a server is started, checked and stopped", async () => {
  await newDatabase();
  expect(await statusLines()).toEqual([`fail - no mount entry for ${mountpoint}`, "BelayError: (failed)"]);

  const server = await start(zurl);
  expect(server.mountpoint).toBe(mountpoint);
  expect(readFileSync(joinPath(mountpoint, ".wcfs/zurl"), "utf8")).toBe(zurl);
  const lines = await statusLines();
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^ok - mount entry: ${mountpoint} {2}\\(0:\\d+\\)$`)),
    expect.stringMatching(new RegExp(`^ok - wcfs server: +pid${server.process?.pid ?? 0} \\S+ wcfs$`)),
    "ok - stat mountpoint",
    "ok - read .wcfs/zurl",
    "ok - read .wcfs/stats",
  ]);
  await server.stop();
  expect((await statusLines())[0]).toBe(`fail - no mount entry for ${mountpoint}`);
});

test("a second start is refused, by name", async () => {
  await newDatabase();
  const server = await start(zurl);
  await expect(start(zurl)).rejects.toMatchObject({
    code: "EALREADY",
    message: `wcfs: start ${zurl}: already running`,
  });
  await expect(serve(zurl)).rejects.toThrow(`wcfs: serve ${zurl}: already running`);
  await server.stop();
});

test("of five starts at once one wins, whatever their environments, and there is one mount", async () => {
  await newDatabase();
  const starts = Array.from({ length: 5 }, (_, index) =>
    startElsewhere({ BELAY_RUN_DIR: joinPath(directory, `run${index}`), XDG_RUNTIME_DIR: directory }),
  );
  const results = await Promise.allSettled(starts);
  expect(results.filter((result) => result.status === "fulfilled").length).toBe(1);
  const messages = results.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
  expect(messages.every((message) => message.includes("already running"))).toBe(true);
  expect(MountTable.read().at(mountpoint).length).toBe(1);
});

async function startElsewhere(environment: NodeJS.ProcessEnv): Promise<void> {
  const wcfs = joinPath(import.meta.dirname, "..", "..", "bin", "wcfs");
  const env = { ...process.env, ...environment };
  const child = spawn(wcfs, ["start", zurl], { stdio: ["ignore", "ignore", "pipe"], env });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(stderr);
}

test("after kill -9 of the server the next start cleans up", async () => {
  using _doctors = await lockDeadMounts();
  await newDatabase();
  const server = await start(zurl);
  process.kill(server.process?.pid ?? 0, "SIGKILL");
  await expect.poll(() => spawnSync("ls", [mountpoint]).stderr.toString()).toContain("not connected");
  const lines = await statusLines();
  expect(lines[1]).toBe("fail - no wcfs server found");

  const next = await start(zurl);
  expect(MountTable.read().at(mountpoint).length).toBe(1);
  expect(readFileSync(joinPath(mountpoint, "head/at"), "latin1")).toMatch(/^[0-9a-f]{16}$/);
  await next.stop();
});

test("stop ends a server that was stopped in its tracks, and whoever uses its mount", async () => {
  await newDatabase();
  const server = await start(zurl);
  const user = spawn("sleep", ["600"], { cwd: mountpoint });
  process.kill(server.process?.pid ?? 0, "SIGSTOP");
  const ended = once(user, "exit");
  await stop(zurl, { timeoutMs: 5000 });
  await ended;
  expect(MountTable.read().at(mountpoint)).toEqual([]);
});

test("status does not hang on a server that does, and tells it within five seconds", async () => {
  await newDatabase();
  const server = await start(zurl);
  process.kill(server.process?.pid ?? 0, "SIGSTOP");
  const { ms, lines } = await quickestOf(3, 5500);
  expect(ms).toBeLessThan(5500);
  expect(lines).toContain("fail - stat mountpoint: timed out (wcfs might be stuck)");
  expect(lines.join("\n")).toContain("wcfs clients:");
  process.kill(server.process?.pid ?? 0, "SIGCONT");
  await server.stop({ timeoutMs: 5000 });
});

const havePython = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!havePython)("status tells a server of which only the serving thread is stuck", async () => {
  await newDatabase();
  const server = await start(zurl);
  const pid = server.process?.pid ?? 0;
  const tid = readdirSync(`/proc/${pid}/task`).find(
    (task) => readFileSync(`/proc/${pid}/task/${task}/comm`, "latin1") === "wcfs-serve\n",
  );
  // Held by ptrace: no signal stops one thread alone. PTRACE_SEIZE, PTRACE_INTERRUPT, and a wait for it (__WALL).
  const hold = `import ctypes, os, sys
tid, ptrace = int(sys.argv[1]), ctypes.CDLL(None, use_errno=True).ptrace
assert ptrace(0x4206, tid, 0, 0) == 0, ctypes.get_errno()
assert ptrace(0x4207, tid, 0, 0) == 0, ctypes.get_errno()
os.waitpid(tid, 0x40000000)
os.write(1, b"held\\n")
sys.stdin.read()`;
  const holder = spawn("python3", ["-c", hold, tid ?? ""], { stdio: ["pipe", "pipe", "inherit"] });
  const [held] = (await once(holder.stdout, "data")) as [Buffer];
  expect(held.toString()).toBe("held\n");
  const lines = await statusLines();
  holder.stdin.end();
  await once(holder, "exit");
  expect(lines).toContain("fail - stat mountpoint: timed out (wcfs might be stuck)");
  expect((await statusLines()).at(-1)).toBe("ok - read .wcfs/stats");
  await server.stop();
});

test("a server that cannot start is told with its exit code, and leaves nothing", async () => {
  zurl = `file://${joinPath(directory, "none.fs")}`;
  mountpoint = mountpointOf(zurl);
  await expect(start(zurl)).rejects.toMatchObject({
    message: `wcfs: start ${zurl}`,
    cause: { message: "exited with 2" },
  });
  expect(left()).toEqual([]);
});

test("joins are counted, and the first starts the server if it may", async () => {
  await newDatabase();
  await expect(join(zurl, { autostart: false })).rejects.toThrow(`wcfs: join ${zurl}: server not running`);
  expect(left()).toEqual([]);
  const [first, second] = await Promise.all([join(zurl, { autostart: true }), join(zurl)]);
  expect(second).toBe(first);
  expect(first.joins).toBe(2);
  expect((await first.read(".wcfs/zurl")).toString()).toBe(zurl);
  await first.close();
  expect(first.joins).toBe(1);
  await second.close();
  const again = await join(zurl, { autostart: false });
  expect(again).not.toBe(first);
  expect(again.server).toBeUndefined();
  await again.close();
});

test("a join outlives the server, and lets go of it all the same", async () => {
  using _doctors = await lockDeadMounts();
  await newDatabase();
  const joined = await join(zurl, { autostart: true });
  process.kill(joined.server?.process?.pid ?? 0, "SIGKILL");
  await expect.poll(() => joined.read(".wcfs/stats").catch((error: unknown) => String(error))).toContain("ENOTCONN");
  await joined.close().catch((error: unknown) => expect(String(error)).toMatch(/ENOTCONN|ECONNABORTED/));
  await using anew = await join(zurl, { autostart: true });
  expect(anew).not.toBe(joined);
  expect(MountTable.read().at(mountpoint).length).toBe(1);
});

test("wcfs serve becomes the server: same process, its name, the zurl and the mountpoint last", async () => {
  await newDatabase();
  const wcfs = joinPath(import.meta.dirname, "..", "..", "bin", "wcfs");
  const child = spawn(wcfs, ["serve", "-logtostderr", zurl], { stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.resume();
  await expect.poll(() => existsSync(joinPath(mountpoint, ".wcfs/zurl"))).toBe(true);
  expect(readFileSync(`/proc/${child.pid}/comm`, "utf8")).toBe("wcfs\n");
  expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8").split("\0").slice(-4, -1)).toEqual([
    "-logtostderr",
    zurl,
    mountpoint,
  ]);
  expect(serverPid(await statusLines())).toBe(child.pid);
  const ended = once(child, "exit");
  await stop(zurl);
  expect(await ended).toEqual([0, null]);
});

const wcfs = joinPath(import.meta.dirname, "..", "..", "bin", "wcfs");

/** Runs the program to its end. */
async function run(args: readonly string[]): Promise<[number | null, NodeJS.Signals | null]> {
  const child = spawn(wcfs, args, { stdio: "ignore" });
  return (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
}

test("a served database that cannot be opened, or not with such options, leaves nothing", async () => {
  zurl = `file://${joinPath(directory, "none.fs")}`;
  mountpoint = mountpointOf(zurl);
  expect(await run(["serve", zurl])).toEqual([2, null]);
  expect(left()).toEqual([]);
  expect(await run(["serve", "-nonsense", zurl])).toEqual([2, null]);
  expect(left()).toEqual([]);
});

test("a server that was unmounted or told to end leaves nothing, whoever started it", async () => {
  await newDatabase();
  const serving = () => expect.poll(() => existsSync(joinPath(mountpoint, ".wcfs/zurl"))).toBe(true);
  const served = spawn(wcfs, ["serve", zurl], { stdio: "ignore" });
  await serving();
  served.kill("SIGTERM");
  expect(await once(served, "exit")).toEqual([0, null]);
  expect(left()).toEqual([]);

  await start(zurl);
  spawnSync("fusermount3", ["-u", mountpoint]);
  await expect.poll(left).toEqual([]);
});

test("a server at a mountpoint that its caller made and keeps leaves it there", async () => {
  zurl = `file://${joinPath(directory, "none.fs")}`;
  mountpoint = mountpointOf(zurl);
  mkdirSync(mountpoint, { recursive: true });
  expect(await run(["-log_dir", directory, zurl, mountpoint])).toEqual([2, null]);
  expect(left()).toEqual([mountpoint]);
});

test("servers of one database that start and end at the same time never take the place from under each other", async () => {
  await newDatabase();
  const ends: unknown[] = [];
  const churn = async () => {
    for (let round = 0; round < 2; round++) {
      try {
        const server = await start(zurl);
        spawnSync("fusermount3", ["-u", server.mountpoint]);
        ends.push("served");
      } catch (error) {
        ends.push(error instanceof Error && "code" in error ? error.code : error);
      }
    }
  };
  await Promise.all([churn(), churn(), churn()]);
  expect(ends.filter((end) => end !== "served" && end !== "EALREADY")).toEqual([]);
  expect(ends).toContain("served");
  await expect.poll(left).toEqual([]);
});
