import { spawn } from "node:child_process";
import { once } from "node:events";
import { MountTable } from "@belay/supervise";
import { expect, test } from "vitest";
import { findServers } from "./find-server.ts";

// A server that has forked, and whose child has not yet become another program.
const program = `
import os, signal, sys
fuse = os.open("/dev/fuse", os.O_RDWR)
open("/proc/self/comm", "w").write("wcfs")
child = os.fork()
if child == 0:
    signal.pause()
print(os.getpid(), flush=True)
sys.stdin.read()
os.kill(child, 9)
`;

test("what a server has just forked is not taken for a second one", async () => {
  const [zurl, mountpoint] = ["file:///nowhere/data.fs", "/nowhere/mountpoint"];
  const server = spawn("python3", ["-c", program, zurl, mountpoint], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(server, "exit");
  try {
    await once(server.stdout, "data");
    const [root] = MountTable.read().at("/");
    if (root === undefined) throw new Error("no root in the mount table");
    const mount = { ...root, source: Buffer.from(zurl), point: Buffer.from(mountpoint), superOptions: [] };
    expect(findServers(mount).map(({ pid }) => pid)).toEqual([server.pid]);
  } finally {
    server.stdin.end();
    await ended;
  }
});
