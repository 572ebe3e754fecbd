import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountpointOf, stop } from "@belay/wcfs";
import { expect, test } from "vitest";
import { BigFiles } from "../isolation/harness/big-files.ts";
import { ClientProcess } from "./harness/client.ts";

/** Makes a database with one file, for servers whose logs go to the scratch directory. */
async function scratchDatabase() {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  process.env["WENDELIN_CORE_WCFS_OPTIONS"] = `-log_dir ${directory}`;
  const database = await BigFiles.create(join(directory, "data.fs"));
  return {
    database,
    async [Symbol.asyncDispose]() {
      await stop(database.zurl);
      await database[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

const connect = { timeout: 30_000 };

test("big files go with the connection of the database, and are joined once", async () => {
  await using scratch = await scratchDatabase();
  const { database } = scratch;
  const { oid } = database.createFile(65536);
  const at1 = database.write(oid, { 0: "a1" });
  await using client = new ClientProcess(mountpointOf(database.zurl));
  await client.run(
    async (c, { zurl, oid }) => {
      const storage = await c.zodb.openStorage(zurl, { readOnly: true });
      const connection = c.zodb.Connection.open(storage);
      const following = await c.wcfs.connOf(connection);
      const same = (await c.wcfs.connOf(connection)) === following;
      if (!same) throw new Error("another one");
      c.files["f"] = await following.conn.open(oid);
      c.maps["m"] = await c.files["f"].mmap(0, 1);
      Object.assign(globalThis, { following, connection });
    },
    { zurl: database.zurl, oid: BigInt(`0x${oid}`) },
    connect.timeout,
  );
  const seen = () =>
    client.run((c) => {
      const { following } = globalThis as unknown as { following: import("@belay/wcfs").FollowingConn };
      return [following.conn.at.toString(16).padStart(16, "0"), c.map("m").copy(0, 2).toString()];
    }, {});
  expect(await seen()).toEqual([at1, "a1"]);
  const at2 = database.write(oid, { 0: "a2" });
  expect(await seen()).toEqual([at1, "a1"]);
  await client.run(async () => {
    const { following } = globalThis as unknown as { following: import("@belay/wcfs").FollowingConn };
    await following.sync();
  }, {});
  expect(await seen()).toEqual([at2, "a2"]);

  // Moved by somebody else it follows when it is asked for.
  const at3 = database.write(oid, { 0: "a3" });
  await client.run(async (c) => {
    const { connection } = globalThis as unknown as { connection: import("@belay/zodb").Connection };
    connection.sync();
    await c.wcfs.connOf(connection);
  }, {});
  expect(await seen()).toEqual([at3, "a3"]);

  const after = await client.run(
    async (c, zurl) => {
      const { following, connection } = globalThis as unknown as {
        following: import("@belay/wcfs").FollowingConn;
        connection: import("@belay/zodb").Connection;
      };
      const joined = await c.wcfs.join(zurl, { autostart: false });
      const joins = [joined.joins];
      await following.close();
      joins.push(joined.joins);
      const again = await c.wcfs.connOf(connection);
      const isNew = again !== following;
      await again.close();
      await joined.close();
      return { joins, isNew, faulted: c.map("m").faulted };
    },
    database.zurl,
    connect.timeout,
  );
  expect(after).toEqual({ joins: [2, 1], isNew: true, faulted: true });
});

test("closing a database closes the big files of its connections; those of a forgotten connection close by themselves", async () => {
  await using scratch = await scratchDatabase();
  const { database } = scratch;
  const { oid } = database.createFile(65536);
  database.write(oid, { 0: "a1" });
  await using client = new ClientProcess(mountpointOf(database.zurl), { execArgv: ["--expose-gc"] });
  const seen = await client.run(
    async (c, { zurl, oid }) => {
      const storage = await c.zodb.openStorage(zurl, { readOnly: true });
      const joined = await c.wcfs.join(zurl);
      const joins = [joined.joins];
      const kept = await c.wcfs.connOf(c.zodb.Connection.open(storage));
      // In a function of its own: nothing here is to hold on to what it made.
      const forget = async () => {
        const forgotten = await c.wcfs.connOf(c.zodb.Connection.open(storage));
        await forgotten.conn.open(oid);
      };
      await forget();
      joins.push(joined.joins);
      for (let tries = 0; joined.joins === 3 && tries < 1000; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        globalThis.gc?.();
      }
      joins.push(joined.joins);
      await c.wcfs.closeConnsOf(storage);
      joins.push(joined.joins);
      const refused = await kept.conn.open(oid).catch(String);
      await joined.close();
      return { joins, refused };
    },
    { zurl: database.zurl, oid: BigInt(`0x${oid}`) },
    connect.timeout,
  );
  expect(seen.joins).toEqual([1, 3, 2, 1]);
  expect(seen.refused).toMatch(/: connection closed$/);
});
