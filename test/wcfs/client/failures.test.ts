import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { lockDeadMounts } from "../../dead-mounts.ts";
import { at, connected, map, pinned, resync } from "./harness/steps.ts";
import { BLK, clientWorld } from "./harness/world.ts";

test("when the server is killed everything fails with a clear error, nothing hangs, and memory stays safe to touch", async () => {
  using _doctors = await lockDeadMounts();
  await using world = await clientWorld();
  const at1 = world.commit({ 0: "a1", 1: "b1" });
  const client = await connected(world, at1);
  await map(client, "m", 0, 4);
  expect(await at(client, "m", 0)).toBe("a1");
  await client.run((c) => void Object.assign(globalThis, { view: c.map("m").mem }), {});
  world.server.kill("SIGKILL");
  await world.server.untilEnded(30_000);
  await expect.poll(() => client.run((c) => c.map("m").faulted, {})).toBe(true);

  const sum = await client.run(
    () => (globalThis as unknown as { view: Uint8Array }).view.reduce((total, byte) => total + byte, 0),
    {},
  );
  expect(sum).toBe(0);
  expect(await client.failure((c) => c.map("m").copy(), {})).toMatch(/the view is closed$/);
  expect(await client.failure((c, oid) => c.conn("c").open(oid), world.oid)).toMatch(
    /connection closed: pinner: (ENOTCONN|ECONNABORTED): the server is gone$/,
  );
  expect(await client.failure((c) => c.file("f").read(0, 10), {})).toMatch(/file already closed$/);
  expect(await client.failure((c, to) => c.conn("c").resync(to), at1 + 1n)).toMatch(/connection closed: pinner: /);
  expect(await client.failure((c, to) => c.wcfs.connect(c.mountpoint, to), at1)).toMatch(
    /connect @[0-9a-f]{16}: (ENOTCONN|ECONNABORTED)/,
  );
  await client.run(async (c) => {
    await c.map("m").unmap();
    await c.conn("c").close();
  }, {});
  await expect.poll(() => client.stderr).toMatch(/^CRITICAL: pinner: (ENOTCONN|ECONNABORTED): the server is gone$/m);
  expect(client.stderr).not.toContain("will likely kill us");
  await client[Symbol.asyncDispose]();
  expect(await client.ended).toBe(0);
});

test("nothing old is shown after the server has gone, even when standard error takes nothing more", async () => {
  using _doctors = await lockDeadMounts();
  await using world = await clientWorld();
  const client = await connected(world, world.commit({ 0: "a1" }));
  await map(client, "m", 0, 2);
  await client.run(({ fs }) => {
    fs.closeSync(2);
    if (fs.openSync("/dev/full", "w") !== 2) throw new Error("something else was opened");
  }, {});
  world.server.kill("SIGKILL");
  await world.server.untilEnded(30_000);
  await expect.poll(() => client.run((c) => c.map("m").faulted, {})).toBe(true);
  expect(await client.failure((c) => c.map("m").copy(), {})).toMatch(/the view is closed$/);
});

test("reading while the server is killed ends in an error", async () => {
  using _doctors = await lockDeadMounts();
  await using world = await clientWorld({ prepare: (database, file) => void database.write(file, { 63: "z" }) });
  const client = await connected(world, world.at0);
  const reading = client.failure(async (c) => {
    for (;;) for (let blk = 0; blk < 64; blk++) await c.file("f").read(blk * 2 ** 21, 2 ** 21);
  }, {});
  await sleep(50);
  world.server.kill("SIGKILL");
  expect(await reading).toMatch(/: f<[0-9a-f]+>: read \[\d+ \+2097152\): |file already closed/);
});

test("a client that is killed holds up nobody, with and without a pin under way", async () => {
  await using world = await clientWorld();
  const at1 = world.commit({ 0: "a1", 1: "b1" });
  const [killed, other] = await Promise.all([connected(world, at1), connected(world, at1)]);
  await Promise.all([map(killed, "m", 0, 2), map(other, "m", 0, 2)]);
  const at2 = world.commit({ 0: "a2", 1: "b2" });
  await resync(other, at2);
  // Stopped it cannot answer, killed it need not.
  killed.kill("SIGSTOP");
  const read = at(other, "m", 0);
  await sleep(200);
  killed.kill("SIGKILL");
  expect(await read).toBe("a2");
  expect(await at(other, "m", 1)).toBe("b2");
  await world.statsBecome({ WatchLink: 1, Watch: 1, pinkill: 0 });
});

test("a thread that waits for a page gets it while its own pin is served, again and again", async () => {
  await using world = await clientWorld();
  const blocks = Object.fromEntries(Array.from({ length: 40 }, (_, blk) => [blk, `old${blk}`]));
  const at1 = world.commit(blocks);
  const client = await connected(world, at1);
  await map(client, "m", 0, 40);
  const at2 = world.commit(Object.fromEntries(Object.keys(blocks).map((blk) => [blk, `new${blk}`])));
  await client.run((c, to) => c.wcfs.connect(c.mountpoint, to).then((conn) => conn.close()), at2);
  const slowest = await client.run((c) => {
    const { mem, blksize } = c.map("m");
    let slowest = 0;
    for (let blk = 0; blk < 40; blk++) {
      const start = performance.now();
      const letter = String.fromCharCode(mem[blk * blksize] ?? 0);
      slowest = Math.max(slowest, performance.now() - start);
      if (letter !== "o") throw new Error(`block ${blk} is shown as of a later moment`);
    }
    return slowest;
  }, {});
  expect(slowest, "nothing waits until a pin is given up").toBeLessThan(8000);
  expect(await pinned(client)).toEqual(Object.fromEntries(Object.keys(blocks).map((blk) => [blk, at1])));
  await world.statsBecome({ pin: 40, pinkill: 0, PinnedBlk: 40 });
});

test("a process ends with connections open, by itself, by exit and by an error, and the server hears of it", async () => {
  await using world = await clientWorld();
  const at1 = world.commit({ 0: "a1" });
  const endings = {
    exit: { code: 7, run: () => void setImmediate(() => process.exit(7)) },
    itself: { code: 0, run: () => void setImmediate(() => process.disconnect?.()) },
    error: {
      code: 1,
      run: () =>
        void setImmediate(() => {
          throw new Error("on purpose");
        }),
    },
  };
  for (const { code, run } of Object.values(endings)) {
    const client = await connected(world, at1);
    await map(client, "m", 0, 2);
    await at(client, "m", 0);
    await client.run(run, {});
    expect(await Promise.race([client.ended, sleep(60_000, "hangs", { ref: false })])).toBe(code);
    await world.statsBecome({ WatchLink: 0, Watch: 0, pinkill: 0 });
  }
});

test("many views at different moments stay as they are while commits go on", async () => {
  await using world = await clientWorld();
  const count = 12;
  const state = (commit: number) => Object.fromEntries([...Array(8).keys()].map((blk) => [blk, `v${commit}`]));
  const first = world.commit(state(0));
  const client = await connected(world, first);
  for (let commit = 1; commit <= count; commit++) {
    const moment = world.commit(state(commit));
    await client.run(
      async (c, { oid, moment, name }) => {
        const conn = (c.conns[name] = await c.wcfs.connect(c.mountpoint, moment));
        c.maps[name] = await (await conn.open(oid)).mmap(0, 8);
      },
      { oid: world.oid, moment, name: `v${commit}` },
    );
  }
  const writing = new AbortController();
  const writer = (async () => {
    for (let commit = count + 1; !writing.signal.aborted; commit++) {
      world.commit(state(commit));
      await sleep(5);
    }
  })();
  const wrong = await client.run(
    (c) => {
      const wrong: string[] = [];
      for (let round = 0; round < 30; round++) {
        for (const [name, { mem, blksize }] of Object.entries(c.maps)) {
          for (let blk = 0; blk < 8; blk++) {
            const seen = Buffer.from(mem.subarray(blk * blksize, blk * blksize + name.length + 1)).toString("latin1");
            if (seen !== `${name}\0`) wrong.push(`${name} block ${blk}: ${seen}`);
          }
        }
      }
      return wrong;
    },
    {},
    90_000,
  );
  writing.abort();
  await writer;
  expect(wrong).toEqual([]);
});

test("memory that nobody has any more is let go of", async () => {
  await using world = await clientWorld();
  const client = world.client({ execArgv: ["--expose-gc"] });
  await client.run(
    async (c, { at0, oid }) => {
      c.conns["c"] = await c.wcfs.connect(c.mountpoint, at0);
      c.files["f"] = await c.conns["c"].open(oid);
    },
    { at0: world.at0, oid: world.oid },
  );
  const mapped = () =>
    Number(/VmSize:\s+(\d+)/.exec(execFileSync("cat", [`/proc/${client.pid}/status`]).toString())?.[1]);
  const before = mapped();
  const some = 2 ** 14;
  for (let i = 0; i < 20; i++) {
    await client.run(async (c, blocks) => {
      const mapping = await c.file("f").mmap(0, blocks);
      if (mapping.view(0, 100)[0] !== 0) throw new Error("not empty");
    }, some / 64);
  }
  // Ten gigabytes in all.
  await expect
    .poll(
      async () => {
        await client.run(async () => {
          (globalThis as unknown as { gc(): void }).gc();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }, {});
        return mapped() - before;
      },
      { timeout: 20_000 },
    )
    .toBeLessThan((3 * (some / 64) * BLK) / 1024);
});

test("a link that is read by a thread serves pins and ends as well as one that is polled", async () => {
  await using world = await clientWorld();
  const at1 = world.commit({ 0: "a1", 1: "b1" });
  const client = world.client();
  await client.run(
    async (c, { at1, oid }) => {
      c.conns["c"] = await c.wcfs.connect(c.mountpoint, at1, { readLinkByThread: true });
      c.files["f"] = await c.conns["c"].open(oid);
    },
    { at1, oid: world.oid },
  );
  await map(client, "m", 0, 2);
  const at2 = world.commit({ 0: "a2" });
  await client.run((c, to) => c.wcfs.connect(c.mountpoint, to).then((conn) => conn.close()), at2);
  expect([await at(client, "m", 0), await at(client, "m", 1), await pinned(client)]).toEqual(["a1", "b1", { 0: at1 }]);
  await resync(client, at2);
  expect([await at(client, "m", 0), await pinned(client)]).toEqual(["a2", {}]);
  await client.run(() => void setImmediate(() => process.exit(5)), {});
  expect(await Promise.race([client.ended, sleep(60_000, "hangs", { ref: false })])).toBe(5);
  await world.statsBecome({ WatchLink: 0, Watch: 0, pinkill: 0 });
});

test("what is no big file or no range of one is refused, by name", async () => {
  await using world = await clientWorld();
  const client = await connected(world, world.at0);
  expect(await client.failure((c) => c.conn("c").open(12345n), {})).toMatch(/: open f<0000000000003039>: EINVAL/);
  expect(await client.failure((c) => c.conn("c").open(0n), {})).toMatch(/: open f<0000000000000000>: EINVAL/);
  expect(await client.failure((c) => c.file("f").mmap(0, 0), {})).toMatch(/mmap \[#0 \+0\): EINVAL/);
  expect(await client.failure((c) => c.file("f").mmap(-1, 1), {})).toContain("no range of a file");
  expect(await client.failure((c) => c.file("f").mmap(0.5, 1), {})).toContain("no range of a file");
});
