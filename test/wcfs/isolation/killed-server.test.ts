import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoName } from "@belay/supervise";
import { expect, test } from "vitest";
import { lockDeadMounts } from "../../dead-mounts.ts";
import { AgentError } from "./harness/agent.ts";
import { isolationWorld, type IsolationWorld } from "./harness/world.ts";

/** A reader that waits for a pin which nobody answers, and a commit that waits for the reader's page. */
async function inDeadlock(world: IsolationWorld) {
  const at1 = await world.commit({ 0: "a1" });
  await world.read(0);
  const link = await world.link(await world.agent());
  await link.watchPins(world.file, at1);
  await world.commit({ 0: "a2" });
  const reader = await world.agent();
  const reading = reader.read(`head/bigfile/${world.file}`, 0, 64, 20_000);
  const failed = expect(reading).rejects.toSatisfy(
    (error) => error instanceof AgentError && ["ENOTCONN", "ECONNABORTED", "EIO"].includes(error.errno),
  );
  await link.pin();
  world.database.write(world.file, { 0: "a3" });
  await expect.poll(() => waitsForPage(world.server.pid)).toBe(true);
  return { failed };
}

/** Whether one of the threads waits for the lock of a page. */
function waitsForPage(pid: number): boolean {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.some((tid) => readFileSync(`/proc/${pid}/task/${tid}/wchan`, "latin1").includes("folio"));
}

test("a server that is killed while it waits for a page ends, and its users get errors", async () => {
  await using world = await isolationWorld();
  await expectFreed(world);
});

test("what guards the connection holds neither the mount nor the kernel's device, and is started anew when it is ended", async () => {
  await using world = await isolationWorld();
  const before = await newGuards(world, []);
  const open = before.flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)),
  );
  expect(open.filter((path) => path === "/dev/fuse" || path.startsWith(world.server.mountpoint))).toEqual([]);
  // Each of them alone, and what is meant for the server is nothing to them.
  let now = before;
  for (const which of [0, 1] as const) {
    for (const pid of now) for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) process.kill(pid, signal);
    await sleep(1100);
    expect(guards(world.server.pid)).toEqual(now);
    process.kill(now[which] ?? 0, "SIGKILL");
    now = await newGuards(world, now);
  }
  await world.commit({ 0: "a" });
  expect(await world.read(0)).toBe("a");
  await expectFreed(world);
});

// A guard that has just begun may give way to the program it becomes.
function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoName(error) !== "ESRCH") throw error;
  }
}

test("where the kernel does not tell of the server's end it is looked for", async () => {
  await using world = await isolationWorld();
  // What ends at once is taken for what a machine without setpriv does; the first ones may be older on a busy machine.
  let looking = await newGuards(world, []);
  while (!world.server.stderr().includes("it is looked for")) {
    for (const pid of looking) killIfThere(pid);
    looking = await newGuards(world, looking);
  }
  await sleep(1500);
  expect(guards(world.server.pid)).toEqual(looking);
  await expectFreed(world);
});

test("an unmounted server takes its guard with it, and leaves nobody to reap", async () => {
  await using world = await isolationWorld();
  const pids = await newGuards(world, []);
  await world.watcher[Symbol.asyncDispose]();
  expect(world.server.unmount()).toBe(true);
  expect(await world.server.untilEnded(30_000)).toBe(0);
  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
});

/** Kills the server in the middle of a commit: its users are freed, and nothing is left of its guard. */
async function expectFreed(world: IsolationWorld): Promise<void> {
  using _doctors = await lockDeadMounts();
  const { failed } = await inDeadlock(world);
  const pids = guards(world.server.pid);
  world.server.kill("SIGKILL");
  expect(await world.server.untilEnded(30_000)).toBe("SIGKILL");
  await failed;
  await expect.poll(() => pids.filter((pid) => isAlive(pid))).toEqual([]);
}

/** Those that take the place of others. */
async function newGuards(world: IsolationWorld, old: readonly number[]): Promise<number[]> {
  const found = () => guards(world.server.pid).filter((pid) => !old.includes(pid) && ignoresSigterm(pid));
  await expect.poll(() => found().length).toBe(2);
  return found();
}

/** It is what it is to be: before that it is a copy of the server, or a shell that has not read its script. */
function ignoresSigterm(pid: number): boolean {
  try {
    const [, ignored = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return (BigInt(`0x${ignored}`) & (1n << 14n)) !== 0n;
  } catch {
    return false;
  }
}

/** The server's children. */
function guards(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
  return children.trim().split(" ").filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
