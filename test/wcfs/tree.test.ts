import { expect, test } from "vitest";
import { havePython } from "./harness/json-child.ts";
import type { Reader } from "./harness/reader.ts";
import { makeWorld } from "./harness/world.ts";

const BLK = 65536;

test.skipIf(!havePython)("the tree shows what is always there, and what was looked up", async () => {
  await using world = await makeWorld(BLK, { args: ["-pintimeout", "3.0s"] });
  const { reader, file, at0, database } = world;
  expect(await reader.listdir("")).toEqual([".wcfs", "head"]);
  expect(await reader.listdir(".wcfs")).toEqual(["debug", "pintimeout", "stats", "zurl"]);
  expect(await reader.listdir("head")).toEqual(["at", "bigfile", "watch"]);
  expect(await reader.listdir("head/bigfile")).toEqual([]);
  expect(await reader.text(".wcfs/zurl")).toBe(database.zurl);
  expect(await reader.text(".wcfs/pintimeout")).toBe("3.0");
  expect(await reader.text("head/at")).toBe(at0);
  expect(await reader.text(".wcfs/stats")).toBe(
    ["BigFile", "RevHead", "ZHeadLink", "WatchLink", "Watch", "PinnedBlk", "pin", "pinkill"]
      .map((k) => `${k}\t: 0\n`)
      .join(""),
  );

  await reader.stat(`@${at0}/bigfile/${file}`);
  expect(await reader.listdir("")).toEqual([".wcfs", `@${at0}`, "head"]);
  expect(await reader.listdir(`@${at0}`)).toEqual(["bigfile"]);
  expect(await reader.listdir(`@${at0}/bigfile`)).toEqual([file]);
});

test.skipIf(!havePython)("modes, sizes and owners are those of the protocol", async () => {
  await using world = await makeWorld(BLK);
  const { reader, file, at0 } = world;
  const mode = async (path: string) => (await reader.stat(path)).mode.toString(8);
  expect(await mode("")).toBe("40755");
  expect(await mode(".wcfs")).toBe("40755");
  expect(await mode("head")).toBe("40555");
  expect(await mode("head/bigfile")).toBe("40755");
  expect(await mode(`@${at0}`)).toBe("40555");
  for (const path of [".wcfs/zurl", ".wcfs/stats", "head/at", "head/watch", ".wcfs/debug/zhead"]) {
    expect([path, await mode(path)]).toEqual([path, "100644"]);
  }
  expect(await mode(`head/bigfile/${file}`)).toBe("100444");
  expect(await reader.stat("head/at")).toMatchObject({ size: 16, mtimeNs: "0", uid: process.getuid?.() });
  const vfs = await reader.run<{ bsize: number; namemax: number }>("statvfs", { path: "head/bigfile" });
  expect(vfs).toMatchObject({ bsize: 2 << 20, namemax: 255, blocks: 0 });
});

test.skipIf(!havePython)("names that stand for nothing are refused with the errors of the protocol", async () => {
  await using world = await makeWorld(BLK);
  const { reader, file, at0, database } = world;
  const thing = (await database.run<{ oid: string; tid: string }>("thing")).oid;
  const later = await database.create(BLK);
  await world.headReaches(later.tid);
  const error = (path: string) => reader.errnoOf((r) => r.stat(path));
  const cases: Record<string, string> = {
    nope: "EINVAL",
    "@12": "EINVAL",
    [at0]: "EINVAL",
    [`@0x${at0.slice(2)}`]: "EINVAL",
    "@0000000000000000": "EINVAL",
    "head/nope": "ENOENT",
    ".wcfs/nope": "ENOENT",
    [`@${at0}/head`]: "ENOENT",
    [`@${at0}/at`]: "ENOENT",
    "head/bigfile/1": "EINVAL",
    [`head/bigfile/0x${file.slice(2)}`]: "EINVAL",
    [`head/bigfile/+${file.slice(1)}`]: "EINVAL",
    "head/bigfile/00000000000fffff": "EINVAL",
    [`head/bigfile/${thing}`]: "EINVAL",
    [`@${at0}/bigfile/${later.oid}`]: "EINVAL",
    [`head/bigfile/${later.oid}`]: "ok",
    [`@${later.tid}/bigfile/${later.oid}`]: "ok",
    "@0000000000000001": "ok",
    [`@0000000000000001/bigfile/${file}`]: "EINVAL",
  };
  const got: Record<string, string> = {};
  for (const path of Object.keys(cases)) got[path] = await error(path);
  expect(got).toEqual(cases);
});

test.skipIf(!havePython)("upper-case digits name the same inode", async () => {
  await using world = await makeWorld(BLK);
  const { reader, database } = world;
  let oid = "";
  while (!/[a-f]/.test(oid)) ({ oid } = await database.create(BLK));
  await world.headReaches(await database.run<{ tid: string }>("touch_other").then(({ tid }) => tid));
  const lower = await reader.stat(`head/bigfile/${oid}`);
  expect(await reader.stat(`head/bigfile/${oid.toUpperCase()}`)).toMatchObject({ ino: lower.ino });
});

test.skipIf(!havePython)("small files honour offset and length, and reads behind their end are empty", async () => {
  await using world = await makeWorld(BLK);
  const { reader } = world;
  for (const path of ["head/at", ".wcfs/stats", ".wcfs/zurl", ".wcfs/pintimeout"]) {
    const all = await reader.text(path);
    for (const [offset, length] of [
      [0, 4],
      [2, 3],
      [all.length - 1, 5],
      [all.length, 4],
      [all.length + 1, 4],
      [1 << 20, 4],
    ] as const) {
      const got = (await reader.pread(path, offset, length)).toString();
      expect([path, offset, got]).toEqual([path, offset, all.slice(offset, offset + length)]);
    }
  }
});

test.skipIf(!havePython)("nothing can be changed", async () => {
  await using world = await makeWorld(BLK);
  const { reader, file } = world;
  const head = `head/bigfile/${file}`;
  await reader.stat(head);
  const calling =
    (name: string, ...args: (string | number)[]) =>
    (r: Reader) =>
      r.run("call", {
        name,
        args: args.map((arg) => (typeof arg === "string" ? `${world.server.mountpoint}/${arg}` : arg)),
      });
  expect(await reader.errnoOf(calling("mkdir", "new"))).toBe("EINVAL");
  expect(await reader.errnoOf(calling("mkdir", "head/new"))).toBe("ENOSYS");
  expect(await reader.errnoOf(calling("unlink", "head/at"))).toBe("ENOSYS");
  expect(await reader.errnoOf(calling("chmod", head, 0o600))).toBe("ENOSYS");
  expect(await reader.errnoOf(calling("truncate", head, 0))).toBe("ENOSYS");
  expect(await reader.errnoOf(calling("link", "head/at", "head/at2"))).toBe("EPERM");
  expect(await reader.errnoOf((r) => r.open(head, "wt"))).toBe("ENOSYS");
  const fd = await reader.open(head, "w");
  expect(await reader.errnoOf((r) => r.run("write", { fd, text: "x" }))).toBe("ENOSYS");
});

test.skipIf(!havePython)("zhead tells each commit once it is shown, to every reader", async () => {
  await using world = await makeWorld(BLK);
  const { reader, file, database } = world;
  const fds = [await reader.open(".wcfs/debug/zhead"), await reader.open(".wcfs/debug/zhead")];
  expect(await reader.text(".wcfs/stats")).toContain("ZHeadLink\t: 2\n");
  for (let i = 0; i < 3; i++) {
    const tid = await database.write(file, { [i]: { text: "x" } });
    for (const fd of fds) expect(await reader.read(fd, 17)).toBe(`${tid}\n`);
    expect(await reader.text("head/at")).toBe(tid);
  }
  const tid = await database.write(file, { 5: { text: "x" } });
  expect((await reader.read(fds[0] ?? 0, 5)) + (await reader.read(fds[0] ?? 0, 100))).toBe(`${tid}\n`);
  for (const fd of fds) await reader.run("close", { fd });
  await expect.poll(() => reader.text(".wcfs/stats")).toContain("ZHeadLink\t: 0\n");
});

test.skipIf(!havePython)(
  "a process that waits in zhead or for a future revision can be killed, and the server goes on",
  async () => {
    await using world = await makeWorld(BLK);
    const { reader, file, database } = world;
    const { Reader: AnotherReader } = await import("./harness/reader.ts");
    for (const path of [".wcfs/debug/zhead", "head/watch"]) {
      const blocked = new AnotherReader(world.server.mountpoint);
      const fd = await blocked.open(path, path === "head/watch" ? "rw" : "r");
      const reading = blocked.read(fd, 100).catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, 100));
      process.kill(blocked.pid, "SIGKILL");
      expect(await reading).toBeInstanceOf(Error);
      await blocked[Symbol.asyncDispose]();
    }
    const waiting = new AnotherReader(world.server.mountpoint);
    const lookup = waiting.stat("@7000000000000000").catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(waiting.pid, "SIGKILL");
    expect(await lookup).toBeInstanceOf(Error);
    await waiting[Symbol.asyncDispose]();
    await world.headReaches(await database.write(file, { 0: { text: "x" } }));
    expect(await reader.listdir("")).toContain("head");
  },
);

test.skipIf(!havePython)("a lookup of a revision that is not there yet waits for it", async () => {
  await using world = await makeWorld(BLK);
  const { Reader: AnotherReader } = await import("./harness/reader.ts");
  await using waiter = new AnotherReader(world.server.mountpoint);
  const { tid: before } = await world.database.run("touch_other");
  await world.headReaches(before);
  const soon = (BigInt(`0x${before}`) + (1n << 24n)).toString(16).padStart(16, "0");
  let answered = false;
  const lookup = waiter.stat(`@${soon}`).then((stat) => {
    answered = true;
    return stat;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(answered).toBe(false);
  await world.database.run("touch_other");
  expect((await lookup).mode.toString(8)).toBe("40555");
});
