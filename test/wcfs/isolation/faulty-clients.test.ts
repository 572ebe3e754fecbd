import { expect, test } from "vitest";
import type { Agent } from "./harness/agent.ts";
import { expectWaiting, startRead } from "./harness/blocked-read.ts";
import { WatchLinkClient } from "./harness/watch-link-client.ts";
import type { IsolationWorld } from "./harness/world.ts";
import { BLK, isolationWorld } from "./harness/world.ts";

const PIN_TIMEOUT = 3000;

/** For what is under way already, in milliseconds. */
const SOON = 30_000;

/** How a client misbehaves when a pin is due. */
interface Fault {
  readonly name: string;
  /** Called when the pin is due; the link reads nothing by itself. */
  readonly misbehave: (link: WatchLinkClient) => Promise<unknown>;
  readonly killed: boolean;
  /** Its parent never waits for it. */
  readonly zombie?: boolean;
}

const faults: readonly Fault[] = [
  { name: "never reads", misbehave: () => Promise.resolve(), killed: true },
  { name: "reads the pin and never answers", misbehave: (link) => link.readLine(), killed: true },
  {
    name: "answers nak",
    misbehave: async (link) => {
      await link.readLine();
      // It does not live to see the end of this.
      await link.write(`${(await link.pin()).stream} nak\n`).catch(() => undefined);
    },
    killed: true,
  },
  {
    name: "closes the link and lives on",
    misbehave: async (link) => {
      await link.readLine();
      await link.close();
    },
    killed: true,
  },
  {
    name: "ends, and stays as a zombie",
    misbehave: async (link) => {
      await link.readLine();
      link.agent.call("exit", { code: 0 }).catch(() => undefined);
      await link.agent.ends(SOON);
    },
    killed: false,
    zombie: true,
  },
];

/** A client with a link of its own, and a file that only it watches. */
interface Suspect {
  readonly fault: Fault;
  readonly file: string;
  readonly bad: Agent;
  readonly link: WatchLinkClient;
}

/** For each fault a client and a file whose block 2 was committed at at1. */
async function suspects(world: IsolationWorld): Promise<{ readonly at1: string; readonly all: readonly Suspect[] }> {
  const all: Suspect[] = [];
  for (const fault of faults) {
    const { oid: file } = world.database.createFile(BLK);
    const bad = await world.agent({ zombie: fault.zombie ?? false });
    all.push({ fault, file, bad, link: await WatchLinkClient.open(bad, { deaf: true }) });
  }
  for (const { file } of all) world.database.put(file, { 2: "c1" });
  const at1 = await world.shown(world.database.commit());
  for (const { file } of all) await world.client.call("stat", { path: `head/bigfile/${file}` });
  return { at1, all };
}

async function changeAll(world: IsolationWorld, all: readonly Suspect[]): Promise<void> {
  for (const { file } of all) world.database.put(file, { 2: "c2" });
  await world.shown(world.database.commit());
}

/** Each has ended as it should have, and what was counted stays so. */
async function expectFates(world: IsolationWorld, at1: string, all: readonly Suspect[]): Promise<void> {
  for (const { bad } of all) await bad.ends(SOON);
  const killed = all.filter(({ fault }) => fault.killed);
  await world.statsBecome({ WatchLink: 0, Watch: 0, PinnedBlk: 0, pinkill: killed.length });
  await new Promise((resolve) => setTimeout(resolve, 2 * PIN_TIMEOUT));
  expect(await world.stats()).toMatchObject({ pinkill: killed.length });
  const log = world.server.stderr();
  for (const { bad } of killed) {
    expect(log).toMatch(new RegExp(`pid${bad.pid}: client failed .* in 3s: pin #2 @${at1}: `));
    expect(log).toContain(`pid${bad.pid}: <- SIGBUS`);
    expect(log).toContain(`pid${bad.pid}: terminated`);
  }
  for (const { fault, bad } of all) if (!fault.killed) expect(log).not.toContain(`pid${bad.pid}: `);
  for (const { fault, bad } of all) if (fault.zombie) expect(bad.state).toBe("Z");
}

test("clients that fail a pin of their own set-up are killed, and do not hold up others", async () => {
  await using world = await isolationWorld(["-pintimeout", "3.0s"]);
  const { at1, all } = await suspects(world);
  for (const { file } of all) await world.read(2, { file });
  await changeAll(world, all);
  for (const { link, file } of all) await link.send(`watch ${file} @${at1}`);
  await Promise.all(all.map(({ fault, link }) => fault.misbehave(link)));
  const good = await world.link();
  for (const { file } of all) expect(await good.watchPins(file, at1)).toEqual({ 2: at1 });
  await good.bye();
  await expectFates(world, at1, all);
});

test("clients that fail the pin that another's read needs are killed, and the read is answered in time", async () => {
  await using world = await isolationWorld(["-pintimeout", "3.0s"]);
  const { at1, all } = await suspects(world);
  for (const { link, file } of all) {
    const stream = await link.send(`watch ${file} @${at1}`);
    await link.readLine();
    expect(await link.reply(stream)).toBe("ok");
  }
  await changeAll(world, all);
  const started = Date.now();
  const reads = all.map(({ file }) => startRead(world, 2, { file }));
  await Promise.all(all.map(({ fault, link }) => fault.misbehave(link)));
  for (const read of reads) expect(await read.text).toBe("c2");
  // Not one after the other.
  expect(Date.now() - started).toBeLessThan(3 * PIN_TIMEOUT);
  await expectFates(world, at1, all);
});

/** Block 2 committed at at1, and a client with a deaf link. */
async function prepare(world: IsolationWorld): Promise<{ at1: string; bad: Agent; link: WatchLinkClient }> {
  await world.client.call("stat", { path: `head/bigfile/${world.file}` });
  const at1 = await world.commit({ 2: "c1" });
  const bad = await world.agent();
  return { at1, bad, link: await WatchLinkClient.open(bad, { deaf: true }) };
}

test("a client that is stopped, or ignores SIGBUS, ends by SIGKILL", async () => {
  await using world = await isolationWorld(["-pintimeout", "1.0s"]);
  const { at1, bad, link } = await prepare(world);
  await bad.call("ignore", { signal: "SIGBUS" });
  const stopped = await WatchLinkClient.open(await world.agent(), { deaf: true });
  for (const one of [link, stopped]) {
    const stream = await one.send(`watch ${world.file} @${at1}`);
    await one.readLine();
    expect(await one.reply(stream)).toBe("ok");
  }
  stopped.agent.kill("SIGSTOP");
  await world.commit({ 2: "c2" });
  expect(await world.read(2)).toBe("c2");
  await world.statsBecome({ WatchLink: 0, pinkill: 2 });
  for (const { pid } of [bad, stopped.agent]) {
    await expect.poll(() => world.server.stderr()).toContain(`pid${pid}: is still alive after SIGBUS`);
    await expect.poll(() => world.server.stderr()).toContain(`pid${pid}: <- SIGKILL`);
  }
});

test("a client that is killed for its pin does not hang in its own page fault", async () => {
  // SIGKILL would follow a sixth of this after SIGBUS, which a busy machine needs some of.
  await using world = await isolationWorld(["-pintimeout", "9.0s"]);
  const { file } = world;
  const { at1, bad } = await prepare(world);
  const link = await world.link(bad);
  await link.watchPins(file, at1);
  const map = await bad.map(`head/bigfile/${file}`, 0, 3 * BLK);
  await world.commit({ 2: "c2" });
  bad.touch(map, 2 * BLK, 2).catch(() => undefined);
  await link.pin();
  await bad.ends(SOON);
  await world.statsBecome({ WatchLink: 0, pinkill: 1 });
  // Nothing but that ends a client that hangs.
  expect(world.server.stderr()).not.toContain("<- SIGKILL");
});

test("an answer on another stream, a second ack and a broken frame end the link", async () => {
  await using world = await isolationWorld(["-pintimeout", "4.0s"]);
  const { file, client } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 0: "a1" });
  const twice = await world.link();
  await twice.watchPins(file, at1);
  await world.commit({ 0: "a2" });
  const read = startRead(world, 0, { agent: await world.agent() });
  const { stream } = await twice.pin();
  await twice.write(`${stream} ack\n${stream} ack\n`);
  expect(await read.text).toBe("a2");
  await twice.untilEnd();
  expect(twice.control).toBe(`error: ${stream}: reply on unexpected stream`);
  expect(client.isAlive).toBe(true);

  for (const [answer, control] of [
    [(pin: string) => `${pin} \n`, 'expect "ack"; got ""'],
    [(pin: string) => `${pin} ack \n`, 'expect "ack"; got "ack "'],
    [(pin: string) => `${pin} nak: no "way"\n`, 'expect "ack"; got "nak: no \\"way\\""'],
    [() => "88 ack\n", "sendReq: waiting for reply: context canceled"],
    [() => "what\n", "sendReq: waiting for reply: context canceled"],
    [(pin: string) => `${pin} ack`, "sendReq: waiting for reply: context deadline exceeded"],
  ] as const) {
    const bad = await world.agent();
    // So that it can still tell what it read.
    await bad.call("ignore", { signal: "SIGBUS" });
    const link = await world.link(bad);
    const due = await link.send(`watch ${file} @${at1}`);
    const pin = await link.pin();
    await link.write(answer(pin.stream)).catch(() => undefined);
    await bad.ends(SOON);
    expect(link.control).toBe(`fatal: pin #0 @${at1}: ${control}`);
    await expect(link.reply(due)).rejects.toThrow();
  }
  await world.statsBecome({ WatchLink: 0, Watch: 0, pinkill: 6 });
});

test("the thread that opened the link may end: the process is what counts", async () => {
  await using world = await isolationWorld(["-pintimeout", "3.0s"]);
  const { file, client } = world;
  await client.call("stat", { path: `head/bigfile/${file}` });
  const at1 = await world.commit({ 0: "a1" });
  const bad = await world.agent();
  const { fd } = await bad.call<{ fd: number }>("openInThread", { path: "head/watch" });
  const link = await WatchLinkClient.open(bad, { fd });
  await link.watchPins(file, at1);
  await world.commit({ 0: "a2" });
  const read = startRead(world, 0);
  await link.pin();
  await expectWaiting(read);
  expect(await read.text).toBe("a2");
  await bad.ends(SOON);
  await world.statsBecome({ pinkill: 1 });
});

test("with the policy to warn a late client lives as long as nobody waits for it", async () => {
  await using world = await isolationWorld(["-pintimeout", "300ms", "-pinpolicy", "warn"]);
  const { file } = world;
  const { at1, bad } = await prepare(world);
  await world.read(2);
  await world.commit({ 2: "c2" });
  const link = await world.link(bad);
  const due = await link.send(`watch ${file} @${at1}`);
  const late = await link.pin();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await expect.poll(() => world.client.text(".wcfs/metrics")).toContain("\nwcfs_pins_forgiven_total 1\n");
  await expect.poll(() => world.server.stderr()).toContain(`pid${bad.pid}: pin #2 @${at1} is not answered in time`);
  await link.ack(late);
  expect(await link.reply(due)).toBe("ok");

  await world.commit({ 0: "a3" });
  expect(await world.read(0)).toBe("a3");
  expect(bad.isAlive).toBe(false);
  await world.statsBecome({ WatchLink: 0, pinkill: 1 });
});
