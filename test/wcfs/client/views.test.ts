import { expect, test } from "vitest";
import { at, connected, map, pinned, resync } from "./harness/steps.ts";
import { BLK, clientWorld, hex } from "./harness/world.ts";

test("a view shows its moment through commits, and moves when told to", async () => {
  await using world = await clientWorld();
  const at1 = world.commit({ 2: "c1", 3: "d1" });
  const at2 = world.commit({ 2: "c2" });
  const client = await connected(world, at1);
  await map(client, "m", 2, 3);
  const shape = await client.run((c) => {
    const { blkStart, blkStop, length, mem, faulted } = c.map("m");
    return { blkStart, blkStop, length, bytes: mem.length, faulted };
  }, {});
  expect(shape).toEqual({ blkStart: 2, blkStop: 5, length: 3 * BLK, bytes: 3 * BLK, faulted: false });
  expect(await pinned(client)).toEqual({});
  expect([await at(client, "m", 2), await at(client, "m", 3), await at(client, "m", 4)]).toEqual(["c1", "d1", ""]);
  expect(await pinned(client)).toEqual({ 2: at1 });

  const at3 = world.commit({ 3: "d3", 4: "e3" });
  expect(await at(client, "m", 2)).toBe("c1");
  expect(await pinned(client)).toEqual({ 2: at1 });
  await expect.poll(async () => [await at(client, "m", 3), await pinned(client)]).toEqual(["d1", { 2: at1, 3: at1 }]);
  expect(await at(client, "m", 4)).toBe("");

  await resync(client, at2);
  expect(await pinned(client)).toEqual({ 3: at1 });
  expect([await at(client, "m", 2), await at(client, "m", 3), await at(client, "m", 4)]).toEqual(["c2", "d1", ""]);
  expect(await pinned(client)).toEqual({ 3: at1, 4: world.at0 });

  await resync(client, at3);
  expect(await pinned(client)).toEqual({});
  expect([await at(client, "m", 2), await at(client, "m", 3), await at(client, "m", 4)]).toEqual(["c2", "d3", "e3"]);
  await map(client, "beyond", 5, 2);
  expect([await at(client, "beyond", 5), await at(client, "beyond", 6)]).toEqual(["", ""]);

  // Opened again and closed once: nothing changes.
  expect(
    await client.run(async (c, oid) => {
      const again = await c.conn("c").open(oid);
      await again.close();
      return again === c.files["f"];
    }, world.oid),
  ).toBe(true);
  expect([await at(client, "m", 4), await at(client, "beyond", 5)]).toEqual(["e3", ""]);
  await map(client, "more", 2, 1);
  expect(await at(client, "more", 2)).toBe("c2");

  const message = await client.failure((c, to) => c.conn("c").resync(to), at2);
  expect(message).toMatch(
    new RegExp(
      `^wcfs ${world.server.mountpoint}: conn\\d+ @${hex(at3)}: resync -> @${hex(at2)}: f<${hex(world.oid)}>: watch: error setup watch .*: going back in history is forbidden$`,
    ),
  );
  expect(await client.failure((c, oid) => c.conn("c").open(oid), world.oid)).toMatch(
    new RegExp(`: conn\\d+ @${hex(at2)}: open f<${hex(world.oid)}>: connection closed$`),
  );
  await world.statsBecome({ WatchLink: 0, Watch: 0, PinnedBlk: 0, pinkill: 0 });
});

test("closing a file or a connection lets its mappings read zeros, for good", async () => {
  await using world = await clientWorld();
  const other = world.newFile();
  world.commit({ 0: "x0" }, other);
  const at1 = world.commit({ 2: "c1", 3: "d1" });
  const client = await connected(world, at1);
  const state = () =>
    client.run((c) => {
      const views = (globalThis as unknown as { views: Record<string, Uint8Array> }).views;
      return Object.fromEntries(
        Object.entries(c.maps).map(([name, { faulted }]) => [
          name,
          faulted ? `faulted ${views[name]?.some((byte) => byte !== 0)}` : "ok",
        ]),
      );
    }, {});
  await client.run(async (c, other) => {
    c.files["g"] = await c.conn("c").open(other);
    c.maps["f1"] = await c.file("f").mmap(1, 3);
    c.maps["f2"] = await c.file("f").mmap(2, 4);
    c.maps["g1"] = await c.files["g"].mmap(0, 2);
    c.maps["g2"] = await c.files["g"].mmap(0, 1);
    const views = Object.fromEntries(Object.entries(c.maps).map(([name, { mem }]) => [name, mem]));
    Object.assign(globalThis, { views });
  }, other);
  expect([await at(client, "f1", 2), await at(client, "f2", 3), await at(client, "g1", 0)]).toEqual(["c1", "d1", "x0"]);

  await client.run((c) => c.file("f").close(), {});
  expect(await state()).toEqual({ f1: "faulted false", f2: "faulted false", g1: "ok", g2: "ok" });
  expect(await client.failure((c) => c.map("f1").mem, {})).toMatch(
    new RegExp(`f<${hex(world.oid)}>: m\\[#1 \\+3\\) v\\[0x[0-9a-f]+ \\+600000\\): the view is closed$`),
  );
  expect(await client.failure((c) => c.file("f").mmap(2, 3), {})).toMatch(
    new RegExp(`: f<${hex(world.oid)}>: mmap \\[#2 \\+3\\): file already closed$`),
  );
  await client.run((c) => c.file("f").close(), {});

  // Opened anew it is another file; what was faulted stays so.
  await client.run(async (c, oid) => {
    c.files["f"] = await c.conn("c").open(oid);
    c.maps["f3"] = await c.files["f"].mmap(2, 1);
    Object.assign((globalThis as unknown as { views: object }).views, { f3: c.maps["f3"].mem });
  }, world.oid);
  expect(await at(client, "f3", 2)).toBe("c1");
  expect(await state()).toMatchObject({ f1: "faulted false", f2: "faulted false", f3: "ok", g1: "ok" });

  await client.run((c) => c.conn("c").close(), {});
  const all = ["f1", "f2", "f3", "g1", "g2"].map((name) => [name, "faulted false"]);
  expect(await state()).toEqual(Object.fromEntries(all));
  expect(await client.failure((c, oid) => c.conn("c").open(oid), world.oid)).toMatch(/: connection closed$/);
  expect(await client.failure((c) => c.conn("c").resync(c.conn("c").at), {})).toMatch(/: connection closed$/);
  expect(await client.failure((c) => c.file("g").mmap(0, 1), {})).toMatch(/file already closed$/);
  await client.run((c) => c.conn("c").close(), {});

  // Memory that was handed out is safe to touch to the end.
  expect(
    await client.run(async (c) => {
      for (const mapping of Object.values(c.maps)) await mapping.unmap();
      await c.map("f1").unmap();
      const views = (globalThis as unknown as { views: Record<string, Uint8Array> }).views;
      return Object.values(views).map((view) => view.reduce((sum, byte) => sum + byte, 0));
    }, {}),
  ).toEqual([0, 0, 0, 0, 0]);
});

test("blocks come into view when the file grows, exactly those", async () => {
  await using world = await clientWorld({ prepare: (database, file) => void database.write(file, { 2: "c0" }) });
  const client = await connected(world, world.at0);
  await map(client, "around", 1, 6);
  await map(client, "behind", 10, 5);
  await map(client, "next", 5, 1);
  const neighbour = await client.run(async (c) => {
    c.maps["neighbour"] = await c.file("f").mmap(2, 1);
    return c.maps["neighbour"].mem[0];
  }, {});
  expect(neighbour).toBe("c".charCodeAt(0));
  const at1 = world.commit({ 3: "d1", 4: "e1" });
  await resync(client, at1);
  const shown = async () => [
    await at(client, "around", 2),
    await at(client, "around", 3),
    await at(client, "around", 4),
    await at(client, "around", 5),
    await at(client, "behind", 10),
    await at(client, "behind", 11),
    await at(client, "next", 5),
    await at(client, "neighbour", 2),
  ];
  expect(await shown()).toEqual(["c0", "d1", "e1", "", "", "", "", "c0"]);
  const at2 = world.commit({ 11: "l2" });
  await resync(client, at2);
  expect(await shown()).toEqual(["c0", "d1", "e1", "", "", "l2", "", "c0"]);
  await client.run((c) => c.conn("c").close(), {});
});

test("a block behind the end that was pinned for another reader stays a hole when the file grows around it", async () => {
  await using world = await clientWorld({ prepare: (database, file) => void database.write(file, { 0: "a0" }) });
  const client = await connected(world, world.at0);
  await map(client, "m", 0, 6);
  const at1 = world.commit({ 2: "c1" });
  const at2 = world.commit({ 4: "e2" });
  // Somebody else reads the newest, so that we are told to show the hole there was.
  const reader = await connected(world, at2);
  await map(reader, "m", 4, 1);
  expect(await at(reader, "m", 4)).toBe("e2");
  await expect.poll(() => pinned(client)).toEqual({ 4: world.at0 });

  await resync(client, at1);
  expect([await at(client, "m", 0), await at(client, "m", 2), await at(client, "m", 4)]).toEqual(["a0", "c1", ""]);
  expect(await pinned(client)).toMatchObject({ 4: world.at0 });
  await resync(client, at2);
  expect([await at(client, "m", 4), await pinned(client)]).toEqual(["e2", {}]);
});

test("read gives what a mapping shows, holes and what lies behind the end included", async () => {
  await using world = await clientWorld();
  const at1 = world.commit({ 1: "b1".repeat(BLK / 2), 3: "d1" });
  const client = await connected(world, at1);
  const at2 = world.commit({ 1: "B2", 2: "c2", 7: "h2" });
  await resync(client, at1);
  const read = (offset: number, length: number) =>
    client.run(
      async (c, { offset, length }) => {
        const bytes = await c.file("f").read(offset, length);
        return `${bytes.length} ${bytes.toString("latin1").replace(/\0+/g, (zeros) => `<${zeros.length}>`)}`;
      },
      { offset, length },
    );
  expect(await read(BLK - 2, 6)).toBe("6 <2>b1b1");
  expect(await read(2 * BLK - 3, 3 + BLK + 4)).toBe(`${BLK + 7} 1b1<${BLK}>d1<2>`);
  expect(await read(7 * BLK, 3)).toBe("3 <3>");
  expect(await read(0, 0)).toBe("0 ");
  expect(await pinned(client)).toMatchObject({ 1: at1 });
  await resync(client, at2);
  expect(await read(BLK, 3)).toBe("3 B2<1>");
  expect(await read(7 * BLK, 3)).toBe("3 h2<1>");
  const copied = await client.run(async (c) => {
    const mapping = await c.file("f").mmap(1, 2);
    const read = await mapping.read(mapping.blksize, 2);
    return [mapping.copy(0, 4), read, mapping.copy(mapping.blksize, 2)].map((bytes) => bytes.toString("latin1"));
  }, {});
  expect(copied).toEqual(["B2\0\0", "c2", "c2"]);
  await expect(client.run((c) => c.file("f").read(-1, 2), {})).rejects.toThrow("no range of a file");
});
