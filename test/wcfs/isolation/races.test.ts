import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { lockDeadMounts } from "../../dead-mounts.ts";
import { expectWaiting, readWithPins, startRead } from "./harness/blocked-read.ts";
import type { WatchLinkClient } from "./harness/watch-link-client.ts";
import { BLK, isolationWorld } from "./harness/world.ts";

test("a commit during a set-up neither waits for it nor changes what it pins", async () => {
  await using world = await isolationWorld();
  const { file } = world;
  const at1 = await world.commit({ 0: "a1", 1: "b1" });
  await Promise.all([world.read(0), world.read(1)]);
  await world.commit({ 0: "a2" });
  const link = await world.link();
  const stream = await link.send(`watch ${file} @${at1}`);
  const pin = await link.pin();
  await world.commit({ 0: "a3", 1: "b3" });
  const read = startRead(world, 1, { agent: await world.agent() });
  const second = await link.pin();
  expect([pin, second]).toMatchObject([
    { blk: 0, rev: at1 },
    { blk: 1, rev: at1 },
  ]);
  expect(link.hasReply(stream)).toBe(false);
  await link.ack(second);
  expect(await read.text).toBe("b3");
  await link.ack(pin);
  expect(await link.reply(stream)).toBe("ok");
});

test("blocks that are emptied, moved, or shared between places and files are pinned where they show", async () => {
  await using world = await isolationWorld();
  const { file, database } = world;
  const other = database.createFile(BLK);
  database.put(file, { 0: "a1", 9: "end" }, "ZBlk1");
  database.link(file, 1, file, 0);
  database.link(other.oid, 3, file, 0);
  const at1 = await world.shown(database.commit());
  const link = await world.link();
  for (const oid of [file, other.oid]) {
    await world.client.call("stat", { path: `head/bigfile/${oid}` });
    await link.watchPins(oid, at1);
  }
  await world.commit({ 0: "" }, "ZBlk1");
  expect(await readWithPins(world, 0, [[link, at1]])).toBe("");
  expect(await readWithPins(world, 1, [[link, at1]])).toBe("");
  expect(await readWithPins(world, 3, [[link, at1]], { file: other.oid })).toBe("");
  expect(await world.read(1, { at: at1 })).toBe("a1");

  // A link alone moves: the data is as old as ever, the block is not.
  database.link(file, 5, file, 9);
  await world.shown(database.commit());
  expect(await readWithPins(world, 5, [[link, world.at0]])).toBe("end");
  expect(await readWithPins(world, 9, [])).toBe("end");
});

test("of two readers of one page one can be killed, and the other gets its data", async () => {
  await using world = await isolationWorld();
  const { file, client } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 0: "a1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  await world.commit({ 0: "a2" });
  const [first, second] = [await world.agent(), await world.agent()];
  const map = await first.map(`head/bigfile/${file}`, 0, BLK);
  first.touch(map, 0, 2, 20_000).catch(() => undefined);
  const pin = await link.pin();
  const read = startRead(world, 0, { agent: second });
  await expectWaiting(read);
  first.kill("SIGKILL");
  await first.ends(30_000);
  await expectWaiting(read);
  await link.ack(pin);
  expect(await read.text).toBe("a2");
});

test("a signal that a process survives does not make its page fault fail", async () => {
  await using world = await isolationWorld();
  const { file, client } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 0: "a1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  await world.commit({ 0: "a2" });
  const reader = await world.agent();
  const map = await reader.map(`head/bigfile/${file}`, 0, BLK);
  const touched = reader.touch(map, 0, 2, 20_000);
  const pin = await link.pin();
  // Stopping interrupts what a thread waits for, as every signal does.
  reader.kill("SIGSTOP");
  await sleep(300);
  reader.kill("SIGCONT");
  await sleep(300);
  await link.ack(pin);
  expect((await touched).toString()).toBe("a2");
});

test("a hundred links with a hundred pins each", async () => {
  const [links, blocks, blksize] = [100, 100, 8192];
  await using world = await isolationWorld(["-pintimeout", "60s"]);
  const { database } = world;
  const { oid } = database.createFile(blksize);
  const all = (text: string) => Object.fromEntries(Array.from({ length: blocks }, (_, blk) => [blk, `${text}${blk}`]));
  const at1 = await world.shown(database.write(oid, all("one")));
  const path = `head/bigfile/${oid}`;
  for (let blk = 0; blk < blocks; blk++) await world.client.read(path, blk * blksize, 8);
  const at2 = await world.shown(database.write(oid, all("two")));
  const open: WatchLinkClient[] = [];
  for (let process = 0; process < 4; process++) {
    const agent = await world.agent();
    for (let count = links / 4; count > 0; count--) open.push(await world.link(agent));
  }
  const move = (at: string, rev: string) =>
    Promise.all(
      open.map(async (link) => {
        const stream = await link.send(`watch ${oid} @${at}`);
        const { pins, revs } = await link.take(blocks);
        expect(new Set(Object.values(revs))).toEqual(new Set([rev]));
        await link.ack(...pins);
        expect(await link.reply(stream)).toBe("ok");
      }),
    );
  await move(at1, at1);
  expect(await world.stats()).toMatchObject({
    WatchLink: links,
    Watch: links,
    PinnedBlk: links * blocks,
    pin: links * blocks,
  });
  expect((await world.client.read(path, 0, 8)).toString()).toContain("two0");
  await move(at2, "head");
  expect(await world.stats()).toMatchObject({ PinnedBlk: 0, pin: 2 * links * blocks, pinkill: 0 });
});

test("after a lazy unmount links go on until the last handle is closed, and the server ends well", async () => {
  await using world = await isolationWorld();
  const { file, server, client } = world;
  const at1 = await world.commit({ 0: "a1" });
  await world.read(0);
  await world.commit({ 0: "a2" });
  const link = await world.link();
  expect(server.unmount("-z")).toBe(true);
  expect(await link.watchPins(file, at1)).toEqual({ 0: at1 });
  await sleep(300);
  expect(server.ended()).toBeUndefined();
  await link.bye();
  for (const agent of [client, world.watcher]) agent.kill("SIGKILL");
  expect(await server.untilEnded(30_000)).toBe(0);
});

test("a server that is told to end does not wait for clients", async () => {
  using _doctors = await lockDeadMounts();
  await using world = await isolationWorld();
  const { file, server, client, database } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 0: "a1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  await world.commit({ 0: "a2" });
  const read = startRead(world, 0);
  await link.pin();
  // Its page is needed for this, too.
  database.write(file, { 0: "a3" });
  await expectWaiting(read);
  server.kill("SIGTERM");
  expect(await server.untilEnded(30_000)).toBe(0);
  expect(server.mounted()).toBe(false);
  await expect(read.text).rejects.toMatchObject({
    errno: expect.stringMatching(/^(ENOTCONN|ECONNABORTED)$/) as string,
  });
});

test("history reaches a minute back, and as far as the earliest watch", async () => {
  const started = Date.now();
  const clock = vi.spyOn(Date, "now");
  try {
    const setClock = (seconds: number) => clock.mockImplementation(() => started + seconds * 1000);
    setClock(-300);
    await using world = await isolationWorld([], (written, oid) => written.write(oid, { 0: "a0" }));
    const { file, at0, database } = world;
    await world.read(0);
    const link = await world.link();
    expect(await link.watchPins(file, at0)).toEqual({});
    setClock(-200);
    const at1 = await world.commit({ 0: "a1" });
    setClock(-100);
    const at2 = await world.commit({ 0: "a2" });
    const late = await world.link();
    expect(await late.watchPins(file, at0)).toEqual({ 0: at0 });
    await Promise.all([link.bye(), late.bye()]);
    setClock(-95);
    await world.shown(database.touch());
    const gone = await world.link();
    expect(await gone.watch(file, at0)).toMatch(/too far away back from head\/at .* δt = 3m25s$/);
    expect(await gone.watch(file, at1)).toMatch(/too far away back from head\/at .* δt = 1m45s$/);
    expect(await gone.watchPins(file, at2)).toEqual({});
  } finally {
    clock.mockRestore();
  }
});

test("a tracked file that becomes another one ends the server, reads that wait included", async () => {
  using _doctors = await lockDeadMounts();
  await using world = await isolationWorld();
  const { file, server, client, database } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 0: "a1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  await world.commit({ 0: "a2" });
  const read = startRead(world, 0);
  await link.pin();
  database.setBlksize(file, 2 * BLK);
  expect(await server.untilEnded(30_000)).not.toBe(0);
  await expect(read.text).rejects.toMatchObject({
    errno: expect.stringMatching(/^(ENOTCONN|ECONNABORTED)$/) as string,
  });
  await expect(client.text("head/at")).rejects.toMatchObject({ errno: "ENOTCONN" });
  expect(server.stderr()).toContain("zwatcher failed");
  expect(server.stderr()).toContain("switching filesystem to EIO mode");
});
