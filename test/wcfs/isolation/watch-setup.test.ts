import { expect, test } from "vitest";
import { isolationWorld } from "./harness/world.ts";
import type { IsolationWorld } from "./harness/world.ts";

/** The commits of the table: block numbers by position, reads in between. */
async function history(world: IsolationWorld): Promise<{ readonly at: readonly string[] }> {
  const at = [world.at0];
  const commit = async (...blocks: number[]) => {
    const content = `@${at.length}`;
    at.push(await world.commit(Object.fromEntries(blocks.map((blk) => [blk, `${"abcdef"[blk]}${content}`]))));
  };
  await world.client.call("stat", { path: `head/bigfile/${world.file}` });
  await commit(2);
  await commit(2, 3, 4, 5);
  await commit(0, 2, 5);
  for (const blk of [0, 1, 2, 3, 5]) await world.read(blk);
  await commit(2, 4, 5);
  await commit(3, 5);
  for (const blk of [0, 1, 2, 3]) await world.read(blk);
  return { at };
}

/** Which revision of a block is pinned at a position; absent: head. By hand, from the protocol. */
const pinsAt: readonly Readonly<Record<number, number>>[] = [
  { 0: 0, 2: 0, 3: 0, 5: 0 },
  { 0: 0, 2: 1, 3: 0, 5: 0 },
  { 0: 0, 2: 2, 3: 2, 5: 2 },
  { 2: 3, 3: 2, 5: 3 },
  { 3: 2, 5: 4 },
  {},
];

test("a new watch pins exactly what was read and has changed since, to the revision of its moment", async () => {
  await using world = await isolationWorld();
  const { at } = await history(world);
  for (const [position, tid] of at.entries()) {
    const link = await world.link();
    const pins = await link.watchPins(world.file, tid);
    expect({ position, pins }).toEqual({ position, pins: tids(pinsAt[position] ?? {}, at) });
    await link.bye();
  }
  await world.statsBecome({ WatchLink: 0, Watch: 0, PinnedBlk: 0 });
});

test("a watch that moves on gets what is different, and asking for the same position again sends nothing", async () => {
  await using world = await isolationWorld();
  const { at } = await history(world);
  const [, at1, at2, at3, at4] = at;
  const expected = [
    tids({ 0: 0, 2: 0, 3: 0, 5: 0 }, at),
    { 2: at1 },
    { 2: at2, 3: at2, 5: at2 },
    { 0: "head", 2: at3, 5: at3 },
    { 2: "head", 5: at4 },
    { 3: "head", 5: "head" },
  ];
  const link = await world.link();
  for (const [position, tid] of at.entries()) {
    expect({ position, pins: await link.watchPins(world.file, tid) }).toEqual({ position, pins: expected[position] });
    expect(await link.watchPins(world.file, tid)).toEqual({});
  }
  expect(await world.stats()).toMatchObject({
    WatchLink: 1,
    Watch: 1,
    PinnedBlk: 0,
    pin: 4 + 1 + 3 + 3 + 2 + 2,
    pinkill: 0,
  });
});

test("every way through the positions ends with the pins of a fresh watch", async () => {
  await using world = await isolationWorld();
  const { at } = await history(world);
  for (let ways = 1; ways < 1 << at.length; ways++) {
    const link = await world.link();
    const positions = at.map((_, position) => position).filter((position) => (ways >> position) & 1);
    for (const position of positions) {
      await link.watchPins(world.file, at[position] ?? "");
      expect(await link.watchPins(world.file, at[position] ?? "")).toEqual({});
      const pinned = Object.fromEntries(link.pinned.get(world.file) ?? []);
      expect({ positions, position, pinned }).toEqual({
        positions,
        position,
        pinned: tids(pinsAt[position] ?? {}, at),
      });
    }
    await link.bye();
  }
});

function tids(pins: Readonly<Record<number, number>>, at: readonly string[]): Record<number, string | undefined> {
  return Object.fromEntries(Object.entries(pins).map(([blk, position]) => [blk, at[position]]));
}
