import { expect, test } from "vitest";
import { expectWaiting, readWithPins, startRead } from "./harness/blocked-read.ts";
import { BLK, isolationWorld } from "./harness/world.ts";

test("a read under head waits until each watcher that needs the old block has pinned it, and nobody else is asked", async () => {
  await using world = await isolationWorld();
  const { file, at0 } = world;
  await world.client.call("stat", { path: `head/bigfile/${file}` });
  await world.commit({ 2: "c1" });
  const at2 = await world.commit({ 2: "c2", 3: "d2", 5: "f2" });
  const at3 = await world.commit({ 0: "a3", 2: "c3", 5: "f3" });
  const a = await world.link();
  const b = await world.link();
  const c = await world.link();
  const stopped = await world.link();
  const closed = await world.link(await world.agent());
  for (const link of [a, b, stopped, closed]) expect(await link.watchPins(file, at3)).toEqual({});
  expect(await c.watchPins(file, at2)).toEqual({});
  expect(await stopped.stop(file)).toBe("ok");
  closed.agent.kill("SIGKILL");
  const at4 = await world.commit({ 1: "b4", 2: "c4", 5: "f4", 6: "g4" });
  const at5 = await world.commit({ 2: "c5", 3: "d5", 5: "f5" });
  await world.statsBecome({ WatchLink: 4, Watch: 3, PinnedBlk: 0, pin: 0 });

  const everyone = (ab: string, onC: string) => [[a, ab] as const, [b, ab] as const, [c, onC] as const];
  expect(await readWithPins(world, 0, [[c, at0]])).toBe("a3");
  expect(await readWithPins(world, 1, everyone(at0, at0))).toBe("b4");
  expect(await readWithPins(world, 2, everyone(at3, at2))).toBe("c5");
  expect(await readWithPins(world, 3, everyone(at2, at2))).toBe("d5");
  expect(await readWithPins(world, 4, [])).toBe("");
  expect(await readWithPins(world, 6, everyone(at0, at0))).toBe("g4");
  await world.statsBecome({ WatchLink: 4, Watch: 3, PinnedBlk: 4 + 4 + 5, pin: 13 });

  expect(await a.watchPins(file, at4)).toEqual({ 1: "head", 2: at4, 6: "head" });
  expect(
    await readWithPins(world, 5, [
      [a, at4],
      [b, at3],
      [c, at2],
    ]),
  ).toBe("f5");
  expect(await a.watchPins(file, at5)).toEqual({ 2: "head", 3: "head", 5: "head" });
  expect(stopped.untaken).toEqual([]);
  expect(await world.read(2, { at: at2 })).toBe("c2");
  expect(await world.read(2, { at: at3 })).toBe("c3");
});

test("a page that was evicted and is read again is not pinned again, and is cached again", async () => {
  await using world = await isolationWorld();
  const { file, client } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 0: "a1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  await world.commit({ 0: "a2" });
  expect(await readWithPins(world, 0, [[link, at1]])).toBe("a2");
  await client.call("drop", { path: `head/bigfile/${file}` });
  expect(await readWithPins(world, 0, [])).toBe("a2");
  expect(await world.stats()).toMatchObject({ pin: 1, PinnedBlk: 1 });
});

test("the reader itself may be the watcher: it maps the old block over the page it faults on, and sees old data", async () => {
  await using world = await isolationWorld();
  const { file, client } = world;
  const head = `head/bigfile/${file}`;
  await client.call("stat", { path: head });
  const at1 = await world.commit({ 2: "c1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  const map = await client.map(head, 0, 3 * BLK);
  await world.commit({ 2: "c2" });
  const touched = client.touch(map, 2 * BLK, 2);
  const pin = await link.pin();
  expect(pin).toMatchObject({ blk: 2, rev: at1 });
  await client.call("remap", { map, at: 2 * BLK, path: `@${at1}/bigfile/${file}`, offset: 2 * BLK, length: BLK });
  await link.ack(pin);
  expect((await touched).toString()).toBe("c1");
  expect(await world.read(2)).toBe("c2");
});

test("one link watches two files, each with its own pins and its own position", async () => {
  await using world = await isolationWorld();
  const { file, client, database } = world;
  const second = database.createFile(BLK);
  const at1 = await world.shown(database.write(second.oid, { 0: "x1" }));
  const at2 = await world.commit({ 0: "a2", 1: "b2" });
  for (const oid of [file, second.oid]) await client.call("stat", { path: `head/bigfile/${oid}` });
  const link = await world.link();
  expect(await link.watchPins(file, at2)).toEqual({});
  expect(await link.watchPins(second.oid, at1)).toEqual({});
  database.put(file, { 0: "a3" });
  database.put(second.oid, { 0: "x3", 1: "y3" });
  const at3 = await world.shown(database.commit());
  expect(await readWithPins(world, 0, [[link, at2]])).toBe("a3");
  expect(await readWithPins(world, 0, [[link, at1]], { file: second.oid })).toBe("x3");
  expect(await world.stats()).toMatchObject({ WatchLink: 1, Watch: 2, PinnedBlk: 2 });
  expect(await link.watchPins(second.oid, at3)).toEqual({ 0: "head" });
  expect(Object.fromEntries(link.pinned.get(file) ?? [])).toEqual({ 0: at2 });
  expect(await link.watchPins(file, at3)).toEqual({ 0: "head" });
});

test("a watch set up while the history was empty still gets the right pins", async () => {
  await using world = await isolationWorld([], (database, file) => database.write(file, { 0: "a1" }));
  const { file, at0, database } = world;
  await world.read(0);
  const link = await world.link();
  expect(await link.watchPins(file, at0)).toEqual({});
  await world.shown(database.touch());
  const at2 = await world.commit({ 1: "b2" });
  expect(await world.read(0)).toBe("a1");
  await world.commit({ 0: "a3" });
  const late = await world.link();
  expect(await late.watchPins(file, at2)).toEqual({ 0: at0 });
  expect(await readWithPins(world, 0, [[link, at0]])).toBe("a3");
});

test("a read that waits holds up neither head/at nor statistics, nor other blocks, files and revisions", async () => {
  await using world = await isolationWorld();
  const { file, client, database } = world;
  const head = `head/bigfile/${file}`;
  await client.call("stat", { path: head });
  const at1 = await world.commit({ 0: "a1", 1: "b1" });
  const link = await world.link();
  await link.watchPins(file, at1);
  const at2 = await world.commit({ 0: "a2" });
  const read = startRead(world, 0);
  const pin = await link.pin();
  const at3 = database.write(file, { 3: "d3" });
  await world.shown(at3);
  // This one needs the page that is being read: it stays unseen, and still nothing else waits.
  const at4 = database.write(file, { 0: "a4" });
  await expectWaiting(read);
  const other = await world.agent();
  expect(await other.text("head/at")).toBe(at3);
  expect(await other.text(".wcfs/stats")).toContain("PinnedBlk\t: 1\n");
  expect(await world.read(1, { agent: other })).toBe("b1");
  expect(await other.call("stat", { path: head })).toMatchObject({ size: 4 * BLK });
  expect(await world.read(0, { agent: other, at: at1 })).toBe("a1");
  const second = await world.link(other);
  // What is read of head is ahead of what is shown, and so are pins.
  expect(await second.watchPins(file, at3)).toEqual({ 0: at2 });
  await link.ack(pin);
  expect(await read.text).toBe("a4");
  await world.shown(at4);
  expect(second.untaken).toEqual([]);
});
