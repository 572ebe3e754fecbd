import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { POLLIN, poll, PollSet } from "../events/poll.ts";
import { close } from "../files/open.ts";
import { addressOf } from "../memory/mapping.ts";
import { pidfdOpen, pidfdSendSignal } from "./pidfd.ts";
import * as control from "./prctl.ts";
import { getpgid, getsid, gettid, kill, tryWaitpid } from "./process.ts";

test("a pidfd signals its process, polls readable at its end, and knows that it is gone", async () => {
  const child = spawn("sleep", ["60"]);
  const fd = pidfdOpen(child.pid ?? -1);
  const set = new PollSet(1);
  set.add(fd, POLLIN);
  expect(poll(set, 0)).toBe(0);
  expect(pidfdSendSignal(fd, 0)).toBe(true);
  expect(pidfdSendSignal(fd, 15)).toBe(true);
  const [, signal] = (await once(child, "exit")) as [unknown, string];
  expect(signal).toBe("SIGTERM");
  expect(poll(set, 1000)).toBe(1);
  expect(pidfdSendSignal(fd, 0)).toBe(false);
  close(fd);
  expect(() => pidfdOpen(child.pid ?? -1)).toThrow(expect.objectContaining({ code: "ESRCH" }));
});

test("the thread's name is what the kernel shows", () => {
  const before = control.getThreadName();
  control.setThreadName("belay tester with a long name");
  expect(control.getThreadName()).toBe("belay tester wi");
  expect(readFileSync(`/proc/self/task/${gettid()}/comm`, "utf8")).toBe("belay tester wi\n");
  control.setThreadName(before);
});

test("the parent-death signal is set and taken back", () => {
  const told = new Int32Array(1);
  control.setParentDeathSignal(15);
  expect(control.prctl(control.PR_GET_PDEATHSIG, addressOf(told))).toBe(0);
  expect(told[0]).toBe(15);
  control.setParentDeathSignal(0);
  expect(() => control.prctl(12345)).toThrow(expect.objectContaining({ code: "EINVAL" }));
});

test("an orphan becomes the sub-reaper's child, which learns how it ended", () => {
  control.setChildSubreaper(true);
  const sleeper = startOrphan("exec sleep 60");
  expect(tryWaitpid(sleeper)).toBeUndefined();
  kill(sleeper, 15);
  waitForEnd(sleeper);
  expect(tryWaitpid(sleeper)).toEqual({ pid: sleeper, code: undefined, signal: 15 });
  expect(() => tryWaitpid(sleeper)).toThrow(expect.objectContaining({ code: "ECHILD" }));

  const quitter = startOrphan("while kill -0 $$; do sleep 0.02; done; exit 7");
  waitForEnd(quitter);
  expect(tryWaitpid(quitter)).toEqual({ pid: quitter, code: 7, signal: undefined });
  control.setChildSubreaper(false);
});

test("a new session leads its own group; kill reaches the group", async () => {
  const program = fileURLToPath(new URL("../testing/session-leader.child.ts", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const pid = child.pid ?? -1;
  expect([getsid(pid), getpgid(pid)]).toEqual([pid, pid]);
  expect(getsid()).not.toBe(pid);
  kill(-pid, 9);
  expect(((await once(child, "exit")) as unknown[])[1]).toBe("SIGKILL");
});

// Started by a shell that ends at once; `$$` is that shell, which would take the end of a child that is faster.
function startOrphan(command: string): number {
  const { stdout } = spawnSync("sh", ["-c", `(exec >&-; ${command}) & echo $!`], {
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
  });
  return Number(stdout);
}

function waitForEnd(pid: number): void {
  const fd = pidfdOpen(pid);
  const set = new PollSet(1);
  set.add(fd, POLLIN);
  expect(poll(set, 10_000)).toBe(1);
  close(fd);
}
