import { formatTid, parseTid, tidFromUnixNs, tidToUnixNs } from "@belay/zodb";
import { expect, test } from "vitest";
import { startRead } from "./harness/blocked-read.ts";
import { BLK, isolationWorld } from "./harness/world.ts";

const GONE = "0000000000000fff";

const setup = (oid: string, at: string, reason: string) => `error setup watch f<${oid}> @${at}: ${reason}`;

test("requests that cannot be are answered with what is wrong, and the link goes on", async () => {
  await using world = await isolationWorld();
  const { file, at0 } = world;
  const at1 = await world.commit({ 0: "a1" });
  const link = await world.link();

  expect(await link.request("bla bla")).toBe('error bad watch: not a watch request: "bla bla"');
  expect(await link.request("watch ")).toBe("error bad watch: expected 2 arguments, got 1");
  expect(await link.request(`watch ${file} @${at1} `)).toBe("error bad watch: expected 2 arguments, got 3");
  expect(await link.request(`watch 12 @${at1}`)).toBe("error bad watch: invalid oid");
  expect(await link.request(`watch ${file} ${at1}`)).toBe("error bad watch: invalid at");
  expect(await link.request(`watch ${file} @${at1}\r`)).toBe("error bad watch: invalid at");
  expect(await link.request("bye x")).toBe('error bad watch: not a watch request: "bye x"');

  const unknown = "file not yet known to wcfs or is not a ZBigFile";
  expect(await link.watch(file, at1)).toBe(setup(file, at1, unknown));
  expect(await link.stop(GONE)).toBe(setup(GONE, "f".repeat(16), unknown));
  await world.read(0);
  const beforeTail = formatTid(tidFromUnixNs(tidToUnixNs(parseTid(at0)) - 100_000_000n));
  const tooFar = await link.watch(file, beforeTail);
  expect(tooFar).toContain(setup(file, beforeTail, `too far away back from head/at (@${at1}); δt = `));
  expect(tooFar).toMatch(/δt = (\d+m)?\d+(\.\d+)?m?s$/);
  expect(await link.watch(file, "0000000000000000")).toMatch(/δt = \d+h\d+m\d+(\.\d+)?s$/);

  const at2 = await world.commit({ 0: "a2" });
  expect(await link.watchPins(file, at2)).toEqual({});
  const [stopped, absent] = await Promise.all([link.stop(file), link.stop(file)]);
  expect([stopped, absent]).toEqual(["ok", "ok"]);
  await link.write(`0777 watch ${file} @${at2}\n`);
  expect(await link.reply("777")).toBe("ok");
  await link.bye();
  await world.statsBecome({ WatchLink: 0, Watch: 0 });
});

test("a watch does not go back, and stays where it was with its pins", async () => {
  await using world = await isolationWorld();
  const { file } = world;
  const at1 = await world.commit({ 0: "a1", 1: "b1" });
  await Promise.all([world.read(0), world.read(1)]);
  const at2 = await world.commit({ 0: "a2" });
  const at3 = await world.commit({ 0: "a3", 1: "b3" });
  const link = await world.link();
  expect(await link.watchPins(file, at2)).toEqual({ 0: at2, 1: at1 });
  const refused = setup(file, at1, "going back in history is forbidden");
  expect(await link.watch(file, at1)).toBe(refused);
  expect(await link.watch(file, at1)).toBe(refused);
  expect(link.untaken).toEqual([]);
  expect(await link.watchPins(file, at2)).toEqual({});
  expect(await world.stats()).toMatchObject({ WatchLink: 1, Watch: 1, PinnedBlk: 2, pin: 2 });
  expect(await link.watchPins(file, at3)).toEqual({ 0: "head", 1: "head" });
  expect(await link.watch(file, at2)).toBe(setup(file, at2, "going back in history is forbidden"));

  // Not so for another link, nor for the same one after the watch was given up.
  const other = await world.link();
  expect(await other.watchPins(file, at1)).toEqual({ 0: at1, 1: at1 });
  expect(await link.stop(file)).toBe("ok");
  expect(await link.watchPins(file, at1)).toEqual({ 0: at1, 1: at1 });
});

test("a watch from before its file was created is refused with the moment of that, and can be set up later", async () => {
  await using world = await isolationWorld();
  const { file, database } = world;
  const at1 = await world.commit({ 0: "a1" });
  const late = database.createFile(BLK);
  await world.shown(late.tid);
  await world.read(0, { file: late.oid });
  const link = await world.link();
  const epoch = (head: string) => `file epoch detected @${late.tid} in between (at,head=@${head}]`;
  expect(await link.watch(late.oid, at1)).toBe(setup(late.oid, at1, epoch(late.tid)));
  expect(await link.watch(late.oid.toUpperCase(), at1.toUpperCase())).toBe(setup(late.oid, at1, epoch(late.tid)));
  // Head goes on, the moment of creation stays.
  const at3 = await world.shown(database.write(late.oid, { 0: "x3" }));
  expect(await link.watch(late.oid, at1)).toBe(setup(late.oid, at1, epoch(at3)));
  expect(await link.stop(late.oid)).toBe("ok");
  expect(await world.stats()).toMatchObject({ WatchLink: 1, Watch: 0, PinnedBlk: 0, pin: 0 });
  // Nobody is held up by it: neither the other file, nor readers, nor this one at a later moment.
  await world.read(0);
  expect(await link.watchPins(file, at1)).toEqual({});
  expect(await world.read(0, { file: late.oid })).toBe("x3");
  expect(Object.keys(await link.watchPins(late.oid, late.tid))).toEqual(["0"]);
  expect(await link.watchPins(late.oid, at3)).toEqual({ 0: "head" });
});

test("what is no frame ends the link with a control message", async () => {
  await using world = await isolationWorld();
  const controls = [
    ["zzz hello\n", 'error: invalid frame: "zzz hello\\n" (invalid stream)'],
    ["nothing\n", 'error: invalid frame: "nothing\\n"'],
    ["18446744073709551616 x\n", 'error: invalid frame: "18446744073709551616 x\\n" (invalid stream)'],
    ["-1 x\n", 'error: invalid frame: "-1 x\\n" (invalid stream)'],
    ["0x1 x\n", 'error: invalid frame: "0x1 x\\n" (invalid stream)'],
    ["0 ack\n", "error: 0: reply on unexpected stream"],
    ["2 ack\n", "error: 2: reply on unexpected stream"],
    ["1 " + "x".repeat(5000), "error: line is too long"],
  ] as const;
  for (const [text, control] of controls) {
    const link = await world.link();
    await link.write(text);
    await link.untilEnd();
    expect(link.control).toBe(control);
    await expect(link.write("1 bye\n")).rejects.toMatchObject({ errno: "ECONNRESET" });
    await link.close();
  }
  await world.statsBecome({ WatchLink: 0 });
});

test("a watch of the future is set up when head gets there, and can be asked to stop before", async () => {
  await using world = await isolationWorld();
  const { file } = world;
  await world.read(0);
  const at1 = await world.commit({ 0: "a1" });
  const soon = formatTid(tidFromUnixNs(tidToUnixNs(parseTid(at1)) + 100_000_000n));
  const link = await world.link();
  const stream = await link.send(`watch ${file} @${soon}`);
  expect(await link.stop(file)).toBe("ok");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(link.hasReply(stream)).toBe(false);
  await world.commit({ 0: "a2" });
  expect(await link.reply(stream)).toBe("ok");
  expect(link.untaken).toEqual([]);

  const never = await world.link();
  await never.send(`watch ${file} @7fffffffffffffff`);
  await never.bye();
  await world.statsBecome({ WatchLink: 1, Watch: 1 });
});

test("bye drops what is pending, and nobody is killed for it", async () => {
  await using world = await isolationWorld();
  const { file, client } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 2: "c1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  await world.commit({ 2: "c2" });
  const reader = await world.agent();
  const read = startRead(world, 2, { agent: reader });
  await link.pin();
  const pending = await link.send(`watch ${file} @7fffffffffffffff`);
  await link.bye();
  expect(await read.text).toBe("c2");
  await expect(link.reply(pending)).rejects.toThrow("link is down");
  expect(client.isAlive).toBe(true);
  await world.statsBecome({ WatchLink: 0, Watch: 0, PinnedBlk: 0, pin: 1, pinkill: 0 });

  // Also in the middle of a set-up; and nothing lingers.
  const other = await world.link();
  await other.send(`watch ${file} @${at1}`);
  await other.pin();
  await other.bye();
  await world.commit({ 2: "c3" });
  expect(await world.read(2, { agent: reader })).toBe("c3");
  await world.statsBecome({ WatchLink: 0, Watch: 0, PinnedBlk: 0, pinkill: 0 });
});

test("a process that waits for a message on a link or on zhead can end", async () => {
  await using world = await isolationWorld();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const agent = await world.agent();
    await world.link(agent);
    const { fd } = await agent.call<{ fd: number }>("open", { path: ".wcfs/debug/zhead", flags: "r" });
    await agent.call("pump", { fd });
    expect(await world.stats()).toMatchObject({ WatchLink: 1, ZHeadLink: 2 });
    agent.kill(signal);
    await agent.ends(30_000);
    await world.statsBecome({ WatchLink: 0, ZHeadLink: 1 });
  }
});

test("the listing of .wcfs is what clients know, statistics have eight lines, and there are metrics", async () => {
  await using world = await isolationWorld();
  expect(await world.client.call("list", { path: ".wcfs" })).toMatchObject({
    names: ["debug", "pintimeout", "stats", "zurl"],
  });
  const zero = ["BigFile", "RevHead", "ZHeadLink", "WatchLink", "Watch", "PinnedBlk", "pin", "pinkill"];
  const stats = await world.client.text(".wcfs/stats");
  expect(stats.replace(/ZHeadLink\t: 1/, "ZHeadLink\t: 0")).toBe(zero.map((name) => `${name}\t: 0\n`).join(""));
  expect((await world.client.read(".wcfs/stats", 0, 4)).toString()).toBe("BigF");
  const metrics = await world.client.text(".wcfs/metrics");
  expect(metrics).toContain("# TYPE wcfs_clients_killed_total counter\nwcfs_clients_killed_total 0\n");
  for (const line of metrics.trimEnd().split("\n"))
    expect(line).toMatch(/^(# (HELP|TYPE) wcfs_\w+ .+|wcfs_\w+ [\d.e+]+)$/);
});
