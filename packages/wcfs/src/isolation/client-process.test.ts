import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { clientProcesses } from "./client-process.ts";

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !isSo();) {
    if (Date.now() > end) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function stateOf(pid: number): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
}

test("any thread stands for its process, which is held whatever becomes of the thread", () => {
  const tids = readdirSync("/proc/self/task").map(Number);
  expect(tids.length).toBeGreaterThan(1);
  for (const tid of tids) expect(clientProcesses.processOf(tid)).toBe(process.pid);
  using client = clientProcesses.hold(tids.at(-1) ?? 0);
  expect(client).toMatchObject({ pid: process.pid });
  expect(client.alive()).toBe(true);
  expect(clientProcesses.isDying(process.pid)).toBe(false);
});

test("what cannot be seen cannot be held", () => {
  expect(() => clientProcesses.hold(0)).toThrow("EIO");
  expect(() => clientProcesses.hold(0x3fff_ffff)).toThrow("EIO");
  expect(clientProcesses.processOf(0)).toBeUndefined();
  expect(clientProcesses.isDying(0)).toBe(false);
});

test("a zombie is not alive, and can be signalled without harm", async () => {
  const shell = spawn("/bin/bash", ["-c", "sleep 30 & echo $!; exec sleep 30"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(shell.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  // A shell would take the zombie away.
  await until(() => readFileSync(`/proc/${shell.pid}/comm`, "latin1") === "sleep\n");
  using client = clientProcesses.hold(pid);
  expect(client.alive()).toBe(true);
  client.signal(9);
  await until(() => stateOf(pid) === "Z");
  expect(client.alive()).toBe(false);
  client.signal(7);
  shell.kill("SIGKILL");
  await once(shell, "exit");
  client.signal(7);
});

test("a thread is dying when the signal that waits for it is one it does not survive", async () => {
  const script =
    "process.on('SIGUSR2', () => {}); process.on('SIGTRAP', () => {}); console.log('ready'); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  const pid = child.pid ?? 0;
  // Stopped, it is like a thread that waits in the kernel: signals wait, too.
  child.kill("SIGSTOP");
  await until(() => stateOf(pid) === "T");
  for (const signal of ["SIGUSR2", "SIGTRAP"] as const) child.kill(signal);
  expect(clientProcesses.isDying(pid)).toBe(false);
  child.kill("SIGQUIT");
  expect(clientProcesses.isDying(pid)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
});
