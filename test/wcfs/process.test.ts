import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lockDeadMounts } from "../dead-mounts.ts";
import { TestDatabase } from "./harness/database.ts";
import { havePython } from "./harness/json-child.ts";
import { Reader } from "./harness/reader.ts";
import { spawnServer, startServer } from "./harness/server.ts";
import { makeWorld, scratch } from "./harness/world.ts";

const BLK = 65536;

/** Milliseconds. The promise is a second; all the house's tests may run beside this one, so the best of three counts. */
const IN_TIME = 2000;

/** For what is to come about at all, in milliseconds. */
const AT_LAST = 30_000;

function run(...args: string[]) {
  const entry = fileURLToPath(new URL("./harness/server-entry.ts", import.meta.url));
  return spawnSync(process.execPath, [entry, ...args], { encoding: "utf8", timeout: 60_000 });
}

test("a wrong command line is refused with status 2", () => {
  expect(run()).toMatchObject({ status: 2, stderr: "Usage: wcfs [OPTIONS] zurl mntpt\n" });
  expect(run("-nope", "a", "b").status).toBe(2);
  expect(run("-h").status).toBe(0);
});

test("what cannot be opened or mounted is fatal, and nothing stays mounted", () => {
  using dir = scratch();
  const mnt = dir.directory("mnt");
  const absent = run("-logtostderr", `file://${dir.path}/nope.fs`, mnt);
  expect(absent.status).not.toBe(0);
  expect(absent.stderr).toMatch(/^F.*ENOENT/m);
  const scheme = run("-logtostderr", "x://y", mnt);
  expect(scheme.status).not.toBe(0);
  expect(scheme.stderr).toMatch(/^F.*"x:\/\/" not supported/m);
  writeFileSync(join(dir.path, "file"), "");
  const file = run("-logtostderr", `file://${dir.path}/nope.fs`, join(dir.path, "file"));
  expect(file.status).not.toBe(0);
  expect(file.stderr).toMatch(/^F.*not a directory/m);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(dir.path);
});

test.skipIf(!havePython)("the mount shows the zurl as its source and fuse.wcfs as its type", async () => {
  await using world = await makeWorld(BLK);
  const line = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((l) => l.includes(world.server.mountpoint));
  expect(line).toMatch(`${world.database.zurl} ${world.server.mountpoint} fuse.wcfs rw,nosuid,nodev`);
  expect(readFileSync(`/proc/${world.server.pid}/comm`, "utf8")).toBe("wcfs\n");
});

test.skipIf(!havePython)("after an unmount the server ends by itself with 0", async () => {
  await using world = await makeWorld(BLK);
  expect(world.server.unmount()).toBe(true);
  expect(await world.server.untilEnded(AT_LAST)).toBe(0);
  expect(world.server.stderr()).toMatch(/stop ".*" "file:/);
});

test.skipIf(!havePython)(
  "a lazy unmount lets open files be read on, and ends the server with the last of them",
  async () => {
    await using world = await makeWorld(BLK, { prepare: (db, file) => db.write(file, { 0: { text: "abc" } }) });
    const fd = await world.reader.open(`head/bigfile/${world.file}`);
    expect(world.server.unmount()).toBe(false);
    expect(world.server.unmount("-z")).toBe(true);
    expect(await world.reader.run("pread", { fd, offset: 0, length: 3 })).toMatchObject({ base64: "YWJj" });
    expect(world.server.ended()).toBeUndefined();
    await world.reader.run("close", { fd });
    expect(await world.server.untilEnded(AT_LAST)).toBe(0);
  },
);

/** Milliseconds from a signal to the end in order of a server. */
async function endTime(signal: NodeJS.Signals, busy: boolean): Promise<number> {
  await using world = await makeWorld(BLK, { prepare: (db, file) => db.write(file, { 0: { text: "abc" } }) });
  if (busy) await world.reader.open(`head/bigfile/${world.file}`);
  const asked = performance.now();
  world.server.kill(signal);
  expect(await world.server.untilEnded(AT_LAST)).toBe(0);
  const took = performance.now() - asked;
  expect(world.server.mounted()).toBe(false);
  return took;
}

test.skipIf(!havePython).each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s unmounts and ends within a second, also while files are open",
  async (signal) => {
    for (const busy of [false, true]) {
      let took = await endTime(signal, busy);
      for (let more = 0; took > IN_TIME && more < 2; more++) took = await endTime(signal, busy);
      expect(took).toBeLessThan(IN_TIME);
    }
  },
);

test.skipIf(!havePython)("SIGQUIT tells the state and ends with 2; SIGUSR1 and SIGPIPE do nothing", async () => {
  await using world = await makeWorld(BLK);
  world.server.kill("SIGUSR1");
  world.server.kill("SIGPIPE");
  expect(await world.reader.text(".wcfs/zurl")).toBe(world.database.zurl);
  world.server.kill("SIGQUIT");
  expect(await world.server.untilEnded(AT_LAST)).toBe(2);
  expect(world.server.stderr()).toContain(`head shown @${world.at0}`);
});

test.skipIf(!havePython)(
  "a server that is killed leaves ENOTCONN, and a new one can be started after an unmount",
  async () => {
    using _doctors = await lockDeadMounts();
    await using world = await makeWorld(BLK);
    world.server.kill("SIGKILL");
    expect(await world.server.untilEnded(AT_LAST)).toBe("SIGKILL");
    expect(["ENOTCONN", "ECONNABORTED"]).toContain(await world.reader.errnoOf((r) => r.stat("head")));
    expect(world.server.mounted()).toBe(true);
    expect(world.server.unmount()).toBe(true);
    await using again = await startServer(world.database.zurl, world.server.mountpoint);
    expect(await world.reader.text(".wcfs/zurl")).toBe(world.database.zurl);
    expect(again.unmount()).toBe(true);
    expect(await again.untilEnded(AT_LAST)).toBe(0);
  },
);

test.skipIf(!havePython)("an aborted connection ends the process, and users get ENOTCONN", async () => {
  using _doctors = await lockDeadMounts();
  await using world = await makeWorld(BLK);
  world.server.abort();
  expect(await world.server.untilEnded(AT_LAST)).toBe(1);
  expect(await world.reader.errnoOf((r) => r.stat("head"))).toBe("ENOTCONN");
});

test.skipIf(!havePython)("a second server may be mounted over the first; each ends with its own unmount", async () => {
  await using world = await makeWorld(BLK);
  await using upper = spawnServer(
    ["-logtostderr", world.database.zurl, world.server.mountpoint],
    world.server.mountpoint,
  );
  const mounts = () =>
    readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .filter((l) => l.includes(world.server.mountpoint)).length;
  for (let tries = 0; tries < 2000 && mounts() < 2; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await world.reader.listdir(".wcfs")).not.toContain("debug");
  expect(upper.unmount()).toBe(true);
  expect(await upper.untilEnded(AT_LAST)).toBe(0);
  expect(await world.reader.listdir(".wcfs")).toContain("debug");
  expect(world.server.unmount()).toBe(true);
  expect(await world.server.untilEnded(AT_LAST)).toBe(0);
});

test.skipIf(!havePython)(
  "a file whose block size changes stops the server: both log texts, non-zero, ENOTCONN",
  async () => {
    using _doctors = await lockDeadMounts();
    await using world = await makeWorld(BLK, { prepare: (db, file) => db.write(file, { 0: { text: "abc" } }) });
    await world.reader.stat(`head/bigfile/${world.file}`);
    await world.database.run("set_blksize", { file: world.file, blksize: 2 * BLK });
    expect(await world.server.untilEnded(AT_LAST)).not.toBe(0);
    expect(world.server.stderr()).toContain("zwatcher failed");
    expect(world.server.stderr()).toContain("switching filesystem to EIO mode");
    // What the kernel knows of names and attributes it may go on telling for a second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    for (const path of ["", "head", `head/bigfile/${world.file}`, ".wcfs/zurl"]) {
      expect(await world.reader.errnoOf((r) => r.stat(path))).toBe("ENOTCONN");
    }
  },
);

test.skipIf(!havePython)("without -logtostderr it logs to files, and errors to standard error as well", async () => {
  using dir = scratch();
  const mnt = dir.directory("mnt");
  const logs = dir.directory("logs");
  await using database = new TestDatabase(join(dir.path, "data.fs"));
  await database.create(BLK);
  await using server = spawnServer(["-log_dir", logs, database.path, mnt], mnt);
  for (let tries = 0; tries < 2000 && !server.mounted(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await using reader = new Reader(mnt);
  expect(await reader.text(".wcfs/zurl")).toBe(database.path);
  expect(await reader.listdir(".wcfs")).toEqual(["pintimeout", "stats", "zurl"]);
  server.unmount();
  expect(await server.untilEnded(AT_LAST)).toBe(0);
  expect(server.stderr()).toBe("");
  expect(readFileSync(join(logs, "wcfs.INFO"), "utf8")).toContain(`start "${mnt}" "${database.path}"`);
});
