import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";
import { isAlive, processIdentity } from "@belay/supervise";

import { agentPlaces } from "../../packages/georep/src/agent/agent-places.ts";
import { connectToAgent } from "../../packages/georep/src/feed/agent-feed.ts";
import { ownFileSystem } from "./own-file-system.ts";
import { makePair, within } from "./replica.ts";
import { testAgent } from "./test-agent.ts";

const isRoot = process.geteuid?.() === 0;
const kinds = isRoot ? ["fanotify", "inotify"] : ["inotify"];

test.each(kinds)("what changes while no worker runs is replicated without comparing (%s)", async (kind) => {
  using pair = makePair();
  await using agent = testAgent(pair, `change-source = ${kind}`);
  fs.mkdirSync(join(pair.source, "a/b"), { recursive: true });
  fs.writeFileSync(join(pair.source, "old"), "old");
  expect(await agent.ensure()).toBe(true);
  expect(await agent.ensure()).toBe(false);
  await runOnce();
  // Only a comparison would find this.
  fs.writeFileSync(join(pair.destination, "old"), "changed at the destination");
  fs.writeFileSync(join(pair.source, "a/b/new"), "new");
  fs.mkdirSync(join(pair.source, "a/c"));
  fs.renameSync(join(pair.source, "a/b"), join(pair.source, "a/c/b"));
  fs.writeFileSync(join(pair.source, "a/c/b/newer"), "newer");
  await runOnce();
  expect(fs.readFileSync(join(pair.destination, "a/c/b/newer"), "utf8")).toBe("newer");
  expect(fs.readFileSync(join(pair.destination, "old"), "utf8")).toContain("changed");

  await agent.kill();
  fs.writeFileSync(join(pair.source, "a/c/b/unseen"), "nobody watched");
  expect(await agent.ensure()).toBe(true);
  await runOnce();
  expect(pair.differences()).toEqual([]);

  async function runOnce(): Promise<void> {
    await using worker = await agent.worker();
    await worker.checkpoint(within(30_000));
  }
});

test("a worker whose agent is killed ends with EAGENT; the socket is for its owner alone", async () => {
  using pair = makePair();
  await using agent = testAgent(pair);
  await agent.ensure();
  expect(fs.statSync(agentPlaces(agent.directory).socket).mode & 0o777).toBe(0o600);
  await using worker = await agent.worker();
  await worker.checkpoint(within(30_000));
  await agent.kill();
  await expect(worker.ended).rejects.toMatchObject({ code: "EAGENT" });
  await expect(connectToAgent(agent.directory)).rejects.toMatchObject({ code: "EAGENT" });
});

test("an agent that is stopped is told as one that does not answer, and found again when it goes on", async () => {
  using pair = makePair();
  await using agent = testAgent(pair);
  await agent.ensure();
  const { pid } = agent;
  process.kill(pid, "SIGSTOP");
  await expect(agent.ensure(300)).rejects.toMatchObject({
    code: "EAGENT",
    message: expect.stringContaining("does not answer") as string,
  });
  process.kill(pid, "SIGCONT");
  expect(await agent.ensure()).toBe(false);
  expect(agent.pid).toBe(pid);
});

test.runIf(isRoot)("a full disk of the journal ends nothing, and loses nothing", async () => {
  using pair = makePair();
  await using agent = testAgent(pair);
  const { journal } = agentPlaces(agent.directory);
  fs.mkdirSync(journal, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", journal]);
  try {
    await agent.ensure();
    const { pid } = agent;
    await using worker = await agent.worker();
    await worker.checkpoint(within(30_000));
    const filler = join(journal, "filler");
    try {
      fs.writeFileSync(filler, Buffer.alloc(300_000));
    } catch {
      // as it is to be
    }
    for (let i = 0; i < 300; i++) fs.writeFileSync(join(pair.source, `f${i}`), "x");
    await expect.poll(() => worker.status.feedTrouble).toContain("ENOSPC");
    fs.rmSync(filler);
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
    expect(worker.status.feedTrouble).toBeUndefined();
    expect(agent.pid).toBe(pid);
  } finally {
    execFileSync("umount", ["-l", journal]);
  }
});

test.runIf(isRoot)(
  "a stopped agent loses events at most to a comparison",
  async () => {
    using pair = makePair();
    using _flooded = ownFileSystem(pair.source);
    await using agent = testAgent(pair);
    await agent.ensure();
    await using worker = await agent.worker();
    await worker.checkpoint(within(30_000));
    process.kill(agent.pid, "SIGSTOP");
    for (let i = 0; i < 9000; i++) {
      fs.writeFileSync(join(pair.source, `f${i}`), "");
      if (i % 3 === 0) fs.unlinkSync(join(pair.source, `f${i}`));
    }
    process.kill(agent.pid, "SIGCONT");
    await worker.checkpoint(within(120_000));
    expect(pair.differences()).toEqual([]);
  },
  180_000,
);

test.runIf(isRoot)("a source that is unmounted is no empty source", async () => {
  using pair = makePair();
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", pair.source]);
  await using agent = testAgent(pair);
  try {
    fs.writeFileSync(join(pair.source, "kept"), "kept");
    await agent.ensure();
    const { pid } = agent;
    {
      await using worker = await agent.worker();
      await worker.checkpoint(within(30_000));
      unmount(pair.source);
      await expect(worker.checkpoint(within(30_000))).rejects.toMatchObject({ code: "ESOURCE" });
      await expect(worker.ended).rejects.toMatchObject({ code: "ESOURCE" });
    }
    const identity = processIdentity(pid);
    await expect.poll(() => identity !== undefined && isAlive(identity)).toBe(false);
    // What lies beneath the mount point is another directory.
    await agent.ensure();
    await expect(agent.worker()).rejects.toMatchObject({ code: "EROOTCHANGED" });
    expect(fs.readFileSync(join(pair.destination, "kept"), "utf8")).toBe("kept");
    {
      await using forced = await agent.worker({ force: true });
      await forced.checkpoint(within(30_000));
    }
    expect(pair.differences()).toEqual([]);
  } finally {
    unmount(pair.source);
  }
});

function unmount(path: string): void {
  spawnSync("umount", ["-l", path], { stdio: "ignore" });
}

test("a source that is found empty at a comparison halts the work", async () => {
  using pair = makePair();
  fs.writeFileSync(join(pair.source, "only"), "x");
  {
    await using worker = await pair.start();
    await worker.checkpoint(within(30_000));
  }
  fs.unlinkSync(join(pair.source, "only"));
  {
    await using worker = await pair.start();
    await expect(worker.ended).rejects.toMatchObject({ code: "EROOTEMPTY" });
    await expect(worker.checkpoint(within(30_000))).rejects.toMatchObject({ code: "EROOTEMPTY" });
  }
  expect(fs.readdirSync(pair.destination)).toContain("only");
  const forced = await pair.start({ force: true });
  await forced.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
  await forced[Symbol.asyncDispose]();
  await expect(forced.checkpoint(within(30_000))).rejects.toThrow("ended");
});

test.runIf(isRoot)(
  "an ordinary user, who can open no file handles, is served by inotify, also by a worker that comes later",
  { timeout: 120_000 },
  () => {
    using pair = makePair();
    fs.mkdirSync(join(pair.state, "run"), { recursive: true });
    const child = fileURLToPath(new URL("./ordinary-user.child.ts", import.meta.url));
    const { source, destination, state } = pair;
    // Root of a namespace of its own: nobody in particular to the file system.
    const kind = execFileSync("unshare", ["-Ur", process.execPath, child, source, destination, state]);
    expect(kind.toString()).toBe("inotify\n");
    expect(pair.differences()).toEqual([]);
  },
);

test.runIf(isRoot)("too few inotify watches are told, with what to change", () => {
  using pair = makePair();
  for (let i = 0; i < 50; i++) fs.mkdirSync(join(pair.source, `d${i}`));
  const child = fileURLToPath(new URL("./few-watches.child.ts", import.meta.url));
  // A limit of its own, in a namespace: what else is watched on the machine is not to suffer.
  const told = execFileSync("unshare", ["-Ur", process.execPath, child, pair.source]);
  expect(told.toString()).toBe("EWATCHES\n");
});
