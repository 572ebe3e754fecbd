import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

import * as linux from "@belay/linux";
import { describe, expect, test } from "vitest";

import { abortConnection, waitingRequests } from "../mount/fuse-connection.ts";
import { memoryServer } from "../testing/memory-server.ts";
import { FOPEN_DIRECT_IO } from "../wire/flags.ts";
import { FUSE_ASYNC_READ, FUSE_AUTO_INVAL_DATA, FUSE_PARALLEL_DIROPS } from "../wire/init-flags.ts";

const run = promisify(execFile);

// Nothing here may block this process in the mount while the server waits for an order of ours: asynchronous calls
// only, where that can be.
describe.runIf(process.geteuid?.() === 0)("a served file system", () => {
  test("files are made, written, read, renamed and removed", async () => {
    await using server = await memoryServer();
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    await fsp.writeFile(server.file("a"), content);
    expect((await fsp.readFile(server.file("a"))).equals(content)).toBe(true);
    await fsp.mkdir(server.file("d"));
    await fsp.rename(server.file("a"), server.file("d/b"));
    await fsp.symlink("d/b", server.file("link"));
    await fsp.link(server.file("d/b"), server.file("second"));
    expect(await fsp.readlink(server.file("link"))).toBe("d/b");
    expect((await fsp.stat(server.file("link"))).size).toBe(content.length);
    expect((await fsp.stat(server.file("second"))).nlink).toBe(2);
    await expect(fsp.rmdir(server.file("d"))).rejects.toMatchObject({ code: "ENOTEMPTY" });
    await fsp.truncate(server.file("second"), 10);
    expect(await fsp.readFile(server.file("d/b"))).toEqual(content.subarray(0, 10));
    await fsp.appendFile(server.file("second"), "end");
    expect(await fsp.readFile(server.file("second"), "latin1")).toBe(content.toString("latin1", 0, 10) + "end");
    for (const name of ["second", "link", "d/b"]) await fsp.unlink(server.file(name));
    await fsp.rmdir(server.file("d"));
    await expect(fsp.stat(server.file("d"))).rejects.toMatchObject({ code: "ENOENT" });
    expect(await server.ask({ kind: "report" })).toMatchObject({ errors: [], pending: 0 });
  });

  test("attributes, times and extended attributes are kept", async () => {
    await using server = await memoryServer({ files: { f: 10 } });
    const file = server.file("f");
    await fsp.chown(file, 12, 34);
    await fsp.chmod(file, 0o4711);
    linux.utimensat(linux.AT_FDCWD, file, -1_000_000_001n, 4_000_000_000_123_456_789n);
    const stat = await fsp.stat(file, { bigint: true });
    expect(stat).toMatchObject({ uid: 12n, gid: 34n, atimeNs: -1_000_000_001n, mtimeNs: 4_000_000_000_123_456_789n });
    expect(stat.mode & 0o7777n).toBe(0o4711n);
    linux.lsetxattr(file, "user.one", Buffer.alloc(1000, "v"));
    linux.lsetxattr(file, "user.two", Buffer.alloc(0));
    expect(linux.llistxattr(file).map(String)).toEqual(["user.one", "user.two"]);
    expect(linux.lgetxattr(file, "user.one")).toEqual(Buffer.alloc(1000, "v"));
    linux.lremovexattr(file, "user.two");
    expect(linux.lgetxattr(file, "user.two")).toBeUndefined();
  });

  test("special nodes, exchange, holes, allocation and copies inside the kernel work", async () => {
    await using server = await memoryServer({ files: { one: 100, two: 200 } });
    const root = linux.open(server.mountpoint, linux.O_RDONLY | linux.O_DIRECTORY);
    linux.mknodat(root, "device", 0o020600, linux.makedev(300, 70_000));
    expect(linux.statx(root, "device")).toMatchObject({ rdevMajor: 300, rdevMinor: 70_000 });
    linux.renameat2(root, "one", root, "two", linux.RENAME_EXCHANGE);
    expect(() => linux.renameat2(root, "one", root, "two", linux.RENAME_NOREPLACE)).toThrow("EEXIST");
    expect((await fsp.stat(server.file("one"))).size).toBe(200);
    const file = linux.openat(root, "one", linux.O_RDWR);
    linux.fallocate(file, 0, 0, 5000);
    expect(linux.lseek(file, 10, linux.SEEK_HOLE)).toBe(5000);
    const other = linux.openat(root, "two", linux.O_RDWR);
    expect(linux.copyFileRange(file, 0, other, 100, 50)).toBe(50);
    const copied = await fsp.readFile(server.file("two"), "latin1");
    expect(copied.slice(95)).toBe("eoneo" + "two".repeat(17).slice(0, 50));
    const nameless = linux.openat(root, ".", linux.O_TMPFILE | linux.O_RDWR, 0o600);
    expect(linux.write(nameless, Buffer.from("x"))).toBe(1);
    for (const fd of [root, file, other, nameless]) linux.close(fd);
    expect((await server.ask({ kind: "report" })).counts).toMatchObject({ copyFileRange: 1 });
  });

  test("a large directory is listed completely, names being bytes", async () => {
    await using server = await memoryServer();
    const odd = Buffer.from([0x66, 0xff, 0x20, 0x0a]);
    await fsp.writeFile(Buffer.concat([Buffer.from(`${server.mountpoint}/`), odd]), "");
    const names = Array.from({ length: 700 }, (_, index) => `a name of some length ${index}`);
    await Promise.all(names.map((name) => fsp.writeFile(server.file(name), "")));
    const listed = await fsp.readdir(server.mountpoint, { encoding: "buffer" });
    expect(listed.length).toBe(710);
    expect(listed.some((name) => name.equals(odd))).toBe(true);
    expect(new Set(listed.map(String)).size).toBe(710);
  });

  test("statfs and the mount table show what was given, commas and backslashes too", async () => {
    await using server = await memoryServer();
    expect(await fsp.statfs(server.mountpoint)).toMatchObject({ blocks: 1000, bfree: 600, bavail: 500, bsize: 4096 });
    const line = fs
      .readFileSync("/proc/self/mountinfo", "latin1")
      .split("\n")
      .find((entry) => entry.includes(server.mountpoint));
    expect(line).toContain(" - fuse.belaytest belay,te\\134st rw");
    expect(line).toContain("nosuid,nodev");
  });

  test("what is not implemented is ENOSYS, and what fails does not stop the server", async () => {
    await using server = await memoryServer();
    await expect(fsp.readFile(server.file("throws"))).rejects.toMatchObject({ code: "EIO" });
    await expect(fsp.readFile(server.file("rejects"))).rejects.toMatchObject({ code: "EIO" });
    await expect(fsp.readFile(server.file("twice"))).rejects.toMatchObject({ code: "EXDEV" });
    await expect(fsp.readFile(server.file("unasked"))).rejects.toMatchObject({ code: "EIO" });
    const fd = linux.open(server.file("throws"), linux.O_RDONLY);
    expect(linux.ioctlRaw(fd, 0x8004_0000)).toBe(-linux.errno.ENOTTY);
    linux.close(fd);
    const { errors, pending } = await server.ask({ kind: "report" });
    expect(pending).toBe(0);
    expect(errors.filter((error) => error.includes("a mistake in a handler")).length).toBeGreaterThan(0);
    expect(errors.join("\n")).toContain("a mistake in an asynchronous handler");
    expect(errors.join("\n")).toContain("was answered before");
    expect(errors.join("\n")).toContain("was not asked for");
  });

  test("replies are put together from files, also after one that could not be finished", async () => {
    await using server = await memoryServer();
    expect(await fsp.readFile(server.file("spliced"), "latin1")).toBe("of aout  file");
    await expect(fsp.readFile(server.file("unfinished"))).rejects.toMatchObject({ code: "EIO" });
    expect(await fsp.readFile(server.file("spliced"), "latin1")).toBe("of aout  file");
    const { errors, outcomes } = await server.ask({ kind: "report" });
    expect(errors).toEqual([]);
    expect(outcomes).toContain(0);
    expect(outcomes).toContain(false);
  });

  test("requests are answered later, by the loop's timers and by promises", async () => {
    await using server = await memoryServer();
    const [later, promised] = await Promise.all([
      fsp.readFile(server.file("later")),
      fsp.readFile(server.file("async")),
    ]);
    expect(later.toString("latin1", 0, 10)).toBe("laterlater");
    expect(promised.toString("latin1", 0, 10)).toBe("asyncasync");
  });

  // Reads through the page cache belong to nobody in the kernel's eyes and are never interrupted; direct ones are.
  test("a signal interrupts a reader whose request is never answered", async () => {
    await using server = await memoryServer({ openFlags: FOPEN_DIRECT_IO });
    const reader = spawn("cat", [server.file("never")], { stdio: "ignore" });
    await until(async () => (await server.ask({ kind: "report" })).pending > 0);
    reader.kill("SIGINT");
    expect((await once(reader, "exit"))[1]).toBe("SIGINT");
    await until(async () => (await server.ask({ kind: "report" })).pending === 0);
    expect((await server.ask({ kind: "report" })).interrupted.length).toBeGreaterThan(0);
    expect((await server.ask({ kind: "report" })).errors).toEqual([]);
  });

  test("a file is mapped, and mincore shows which pages are cached", async () => {
    await using server = await memoryServer({ files: { big: 64 * 4096 } });
    const { stdout } = await run(process.execPath, [
      new URL("../testing/map-file.child.ts", import.meta.url).pathname,
      server.file("big"),
    ]);
    expect(JSON.parse(stdout)).toEqual({ before: 0, sum: "big".charCodeAt(0), cachedAfterTouch: true });
  });

  test("writing through the mount from many processes at once loses nothing", async () => {
    await using server = await memoryServer();
    const writers = Array.from({ length: 4 }, (_, index) =>
      run("dd", ["if=/dev/zero", `of=${server.file(`w${index}`)}`, "bs=64k", "count=40", "status=none"]),
    );
    await Promise.all(writers);
    const sizes = await Promise.all(writers.map(async (_, index) => (await fsp.stat(server.file(`w${index}`))).size));
    expect(sizes).toEqual([2621440, 2621440, 2621440, 2621440]);
  });
});

describe.runIf(process.geteuid?.() === 0)("the INIT exchange", () => {
  test("takes the flags that are wanted and offered, and tells both", async () => {
    await using server = await memoryServer({ initFlags: String(FUSE_AUTO_INVAL_DATA) });
    const { connection } = await server.ask({ kind: "report" });
    const flags = BigInt(connection.flags);
    expect(flags & FUSE_ASYNC_READ).toBe(FUSE_ASYNC_READ);
    expect(flags & FUSE_AUTO_INVAL_DATA).toBe(FUSE_AUTO_INVAL_DATA);
    expect(BigInt(connection.offered) & FUSE_PARALLEL_DIROPS).toBe(FUSE_PARALLEL_DIROPS);
    expect(flags & ~BigInt(connection.offered)).toBe(0n);
    expect(connection.minor).toBeLessThanOrEqual(connection.kernelMinor);
  });

  test("can be refused: every access gives ECONNREFUSED and serving ends with the reason", async () => {
    await using server = await memoryServer({ refuse: "this kernel will not do" });
    expect(await server.ended).toBe("Error: this kernel will not do");
    expect(await once(server.child, "exit")).toEqual([0, null]);
  });
});

describe.runIf(process.geteuid?.() === 0)("the end of service", () => {
  test("an unmount ends the loop", async () => {
    await using server = await memoryServer();
    linux.umount2(server.mountpoint);
    expect(await server.ended).toBe("unmounted");
    expect(await once(server.child, "exit")).toEqual([0, null]);
  });

  test("an abort is told from an unmount, and frees who waits", async () => {
    await using server = await memoryServer();
    const reading = fsp.readFile(server.file("never")).catch((error: unknown) => error);
    await until(async () => (await server.ask({ kind: "report" })).pending > 0);
    expect(waitingRequests(server.connection)).toBeGreaterThan(0);
    abortConnection(server.connection);
    expect(await server.ended).toBe("aborted");
    expect(await reading).toMatchObject({ code: expect.stringMatching(/ECONNABORTED|ENOTCONN/) as string });
    expect(await once(server.child, "exit")).toEqual([0, null]);
  });

  test("a server told to stop leaves no mount behind", async () => {
    await using server = await memoryServer();
    server.child.send({ kind: "stop" });
    expect(await server.ended).toBe("stopped");
    expect(await once(server.child, "exit")).toEqual([0, null]);
    expect(fs.readFileSync("/proc/self/mountinfo", "latin1")).not.toContain(server.mountpoint);
  });

  test("a server killed by SIGKILL leaves callers with ENOTCONN, not hanging", async () => {
    await using server = await memoryServer();
    const reading = fsp.readFile(server.file("never")).catch((error: unknown) => error);
    await until(async () => (await server.ask({ kind: "report" })).pending > 0);
    server.child.kill("SIGKILL");
    expect((await reading) as Error).toMatchObject({ code: expect.stringMatching(/ECONNABORTED|ENOTCONN/) as string });
    await expect(fsp.stat(server.mountpoint)).rejects.toMatchObject({ code: "ENOTCONN" });
  });

  test("process.exit is not held up by a worker that serves", async () => {
    const program = new URL("../testing/exit-while-serving.child.ts", import.meta.url).pathname;
    const started = performance.now();
    const { stdout } = await run(process.execPath, [program], { timeout: 60_000 });
    expect(stdout).toBe("exiting\n");
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    if (await condition()) return;
    await setTimeout(10);
  }
  throw new Error("it did not come about within half a minute");
}
