import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MountTable } from "@belay/supervise";
import { mountpointOf, stop } from "@belay/wcfs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { lockDeadMounts } from "../../dead-mounts.ts";
import { BigFiles } from "../isolation/harness/big-files.ts";
import { ClientProcess } from "./harness/client.ts";

let directory: string;
let count = 0;
let zurl = "";

beforeAll(() => {
  directory = mkdtempSync(joinPath(tmpdir(), "belay-test-"));
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(async () => {
  await stop(zurl);
  expect(MountTable.read().at(mountpointOf(zurl))).toEqual([]);
});

/** A database with one file. */
async function newDatabase(): Promise<{ readonly oid: bigint; readonly at: bigint }> {
  await using database = await BigFiles.create(joinPath(directory, `${count++}.fs`));
  zurl = database.zurl;
  const { oid } = database.createFile(65536);
  return { oid: BigInt(`0x${oid}`), at: BigInt(`0x${database.write(oid, { 1: "hello" })}`) };
}

/** A process that joins; options of the server come by its environment. */
function joining(options: string): ClientProcess {
  process.env["WENDELIN_CORE_WCFS_OPTIONS"] = `-log_dir ${directory} ${options}`;
  return new ClientProcess(mountpointOf(zurl));
}

function isMounted(): boolean {
  return MountTable.read().at(mountpointOf(zurl)).length > 0;
}

async function untilUnmounted(timeout: number): Promise<number> {
  const start = performance.now();
  while (isMounted() && performance.now() - start < timeout) await sleep(50);
  return performance.now() - start;
}

test("joining counts, shares one object, and gives views", async () => {
  const { oid, at } = await newDatabase();
  await using client = joining("");
  expect(await client.failure((c, zurl) => c.wcfs.join(zurl, { autostart: false }), zurl)).toBe(
    `wcfs: join ${zurl}: server not running`,
  );
  const seen = await client.run(
    async (c, { zurl, oid, at }) => {
      const [first, second] = await Promise.all([c.wcfs.join(zurl), c.wcfs.join(zurl)]);
      const conn = await first.connect(at);
      const mapping = await (await conn.open(oid)).mmap(0, 2);
      const text = mapping.copy(mapping.blksize, 5).toString();
      await conn.close();
      const joins = first.joins;
      await second.close();
      await first.close();
      const later = await c.wcfs.join(zurl, { autostart: false });
      const other = later !== first;
      await later.close();
      return { same: first === second, joins, text, started: first.server !== undefined, other };
    },
    { zurl, oid, at },
  );
  expect(seen).toEqual({ same: true, joins: 2, text: "hello", started: true, other: true });
  expect(readFileSync(joinPath(mountpointOf(zurl), ".wcfs/zurl"), "utf8")).toBe(zurl);
});

test("a server that was started by joining ends when nobody has it open any more, and not before", async () => {
  const { oid, at } = await newDatabase();
  await using first = joining("-autoexitgrace 3s");
  await using second = joining("");
  const connect = async (client: ClientProcess) =>
    client.run(
      async (c, { zurl, oid, at }) => {
        const joined = await c.wcfs.join(zurl);
        Object.assign(globalThis, { joined });
        c.conns["c"] = await joined.connect(at);
        c.maps["m"] = await (await c.conns["c"].open(oid)).mmap(0, 2);
      },
      { zurl, oid, at },
    );
  await connect(first);
  await connect(second);
  await first[Symbol.asyncDispose]();
  await sleep(5000);
  expect(isMounted()).toBe(true);
  expect(await second.run((c) => c.map("m").copy(65536, 5).toString(), {})).toBe("hello");
  second.kill("SIGKILL");
  expect(await untilUnmounted(30_000)).toBeLessThan(30_000);

  // And it is started again when it is needed.
  await using third = joining("-autoexitgrace 3s");
  await connect(third);
  expect(await third.run((c) => c.map("m").copy(65536, 5).toString(), {})).toBe("hello");
});

test("after a crash of the server the old join is of no use, and a new one starts a new server", async () => {
  using _doctors = await lockDeadMounts();
  await newDatabase();
  await using client = joining("");
  const result = await client.run(
    async (c, zurl) => {
      const old = await c.wcfs.join(zurl);
      process.kill(old.server?.process?.pid ?? 0, "SIGKILL");
      const code = async (action: () => Promise<unknown>) => {
        for (let tries = 0; tries < 1500; tries++) {
          try {
            await action();
          } catch (error) {
            if ((error as { code: string }).code === "ENOTCONN") return "ENOTCONN";
          }
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return "ok";
      };
      const reading = await code(() => old.read(".wcfs/zurl"));
      await old.close().catch(() => undefined);
      const anew = await c.wcfs.join(zurl);
      const served = (await anew.read(".wcfs/zurl")).toString();
      await anew.close();
      return { reading, isNew: anew !== old, served };
    },
    zurl,
    60_000,
  );
  expect(result).toEqual({ reading: "ENOTCONN", isNew: true, served: zurl });
  expect(MountTable.read().at(mountpointOf(zurl)).length).toBe(1);
  expect(existsSync(mountpointOf(zurl))).toBe(true);
});
