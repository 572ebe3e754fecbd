import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
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
  await expect.poll(() => waitsForPage(world.server.pid), { timeout: 5000 }).toBe(true);
  return { failed };
}

/** Whether one of the threads waits for the lock of a page. */
function waitsForPage(pid: number): boolean {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.some((tid) => readFileSync(`/proc/${pid}/task/${tid}/wchan`, "latin1").includes("folio"));
}

test("a server that is killed while it waits for a page ends, and its users get errors", async () => {
  await using world = await isolationWorld();
  const { failed } = await inDeadlock(world);
  world.server.kill("SIGKILL");
  expect(await world.server.untilEnded(3000)).toBe("SIGKILL");
  await failed;
});

test("what guards the connection holds neither the mount nor the kernel's device, and may be killed itself", async () => {
  await using world = await isolationWorld();
  const before = guards(world.server.pid);
  expect(before).toHaveLength(2);
  const open = before.flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)),
  );
  expect(open.filter((path) => path === "/dev/fuse" || path.startsWith(world.server.mountpoint))).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (const pid of before) process.kill(pid, "SIGKILL");
  await expect.poll(() => guards(world.server.pid).filter((pid) => !before.includes(pid)).length).toBe(2);
  await world.commit({ 0: "a" });
  expect(await world.read(0)).toBe("a");

  const { failed } = await inDeadlock(world);
  const after = guards(world.server.pid);
  world.server.kill("SIGKILL");
  expect(await world.server.untilEnded(3000)).toBe("SIGKILL");
  await failed;
  await expect.poll(() => after.filter((pid) => isAlive(pid))).toEqual([]);
});

test("an unmounted server takes its guard with it", async () => {
  await using world = await isolationWorld();
  const pids = guards(world.server.pid);
  await world.watcher[Symbol.asyncDispose]();
  expect(world.server.unmount()).toBe(true);
  expect(await world.server.untilEnded(600)).toBe(0);
  await expect.poll(() => pids.filter((pid) => isAlive(pid))).toEqual([]);
});

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
