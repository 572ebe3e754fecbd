import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { tempDir } from "../testing/temp-dir.ts";
import * as at from "./at-calls.ts";
import { close, open } from "./open.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_CREAT, O_DIRECTORY, O_PATH, O_RDONLY, O_RDWR } from "./open-flags.ts";
import { openat2, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS } from "./openat2.ts";
import { statx, statxIfThere, STATX_ATTR_MOUNT_ROOT } from "./statx.ts";
import { nameToHandleAt, openByHandleAt } from "./file-handle.ts";

test("entries are made, moved and removed relative to a directory", () => {
  using dir = tempDir();
  const fd = open(dir.path, O_RDONLY | O_DIRECTORY);
  at.mkdirat(fd, "sub", 0o700);
  at.mknodat(fd, "fifo", 0o010600);
  at.symlinkat("target/of link", fd, "link");
  expect(at.readlinkat(fd, "link").toString()).toBe("target/of link");
  writeFileSync(dir.file("file"), "1");
  at.linkat(fd, "file", fd, "second");
  expect(statSync(dir.file("file")).nlink).toBe(2);
  at.fchmodat(fd, "file", 0o640);
  expect(statSync(dir.file("file")).mode & 0o777).toBe(0o640);
  expect(() => at.renameat2(fd, "second", fd, "file", at.RENAME_NOREPLACE)).toThrow(
    expect.objectContaining({ code: "EEXIST" }),
  );
  at.renameat2(fd, "sub", fd, "file", at.RENAME_EXCHANGE);
  expect(statSync(dir.file("file")).isDirectory()).toBe(true);
  at.rmdirat(fd, "file");
  for (const name of ["sub", "second", "link", "fifo"]) at.unlinkat(fd, name);
  expect(() => at.unlinkat(fd, "link")).toThrow(expect.objectContaining({ code: "ENOENT", path: "link" }));
  close(fd);
});

test("times are exact to the nanosecond, also before 1970, and of a link itself", () => {
  using dir = tempDir();
  symlinkSync("nowhere", dir.file("link"));
  at.utimensat(AT_FDCWD, dir.file("link"), -1n, 1_700_000_000_123_456_789n, AT_SYMLINK_NOFOLLOW);
  const { atime, mtime } = statx(AT_FDCWD, dir.file("link"), AT_SYMLINK_NOFOLLOW);
  expect([atime, mtime]).toEqual([-1n, 1_700_000_000_123_456_789n]);
  at.utimensat(AT_FDCWD, dir.file("link"), at.UTIME_OMIT, at.UTIME_NOW, AT_SYMLINK_NOFOLLOW);
  const later = statx(AT_FDCWD, dir.file("link"), AT_SYMLINK_NOFOLLOW);
  expect(later.atime).toBe(-1n);
  expect(later.mtime).toBeGreaterThan(mtime);
});

test.runIf(process.geteuid?.() === 0)("owners change, of a link itself", () => {
  using dir = tempDir();
  symlinkSync("nowhere", dir.file("link"));
  at.fchownat(AT_FDCWD, dir.file("link"), 12, -1, AT_SYMLINK_NOFOLLOW);
  expect(lstatSync(dir.file("link"))).toMatchObject({ uid: 12, gid: 0 });
});

test("statx tells what stat tells", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "12345");
  const expected = statSync(dir.file("f"), { bigint: true });
  const told = statx(AT_FDCWD, dir.file("f"));
  expect(told).toMatchObject({
    size: 5,
    ino: expected.ino,
    mode: Number(expected.mode),
    nlink: 1,
    uid: Number(expected.uid),
    blocks: Number(expected.blocks),
    mtime: expected.mtimeNs,
    ctime: expected.ctimeNs,
    btime: expected.birthtimeNs,
  });
  expect(at.makedev(told.devMajor, told.devMinor)).toBe(expected.dev);
  expect(statx(AT_FDCWD, "/proc").attributes & STATX_ATTR_MOUNT_ROOT).toBe(STATX_ATTR_MOUNT_ROOT);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).toContain(`${statx(AT_FDCWD, "/proc").mountId} `);
});

test("a name that is not there is no exception, an open file takes times, owner and mode", () => {
  using dir = tempDir();
  const directory = open(dir.path, O_PATH | O_DIRECTORY);
  expect(statxIfThere(directory, "absent")).toBeUndefined();
  expect(() => statxIfThere(-1, "absent")).toThrow(expect.objectContaining({ code: "EBADF" }));
  const fd = openat2(directory, "there", O_RDWR | O_CREAT, RESOLVE_BENEATH, 0o600);
  at.fchown(fd, -1, -1);
  at.fchmod(fd, 0o640);
  at.futimens(fd, at.UTIME_OMIT, -1n);
  expect(statxIfThere(directory, "there")).toMatchObject({ mode: 0o100640, mtime: -1n });
  for (const each of [fd, directory]) close(each);
});

test("openat2 keeps a path beneath its directory", () => {
  using dir = tempDir();
  mkdirSync(dir.file("jail"));
  writeFileSync(dir.file("secret"), "s");
  symlinkSync("../secret", dir.file("jail/out"));
  symlinkSync("/inner", dir.file("jail/absolute"));
  const jail = open(dir.file("jail"), O_PATH | O_DIRECTORY);
  const inner = openat2(jail, "inner", O_RDWR | O_CREAT, RESOLVE_BENEATH, 0o600);
  const refused = (path: string, resolve: number, code: string) =>
    expect(() => openat2(jail, path, O_RDONLY, resolve)).toThrow(expect.objectContaining({ code }));
  refused("../secret", RESOLVE_BENEATH, "EXDEV");
  refused("out", RESOLVE_BENEATH, "EXDEV");
  refused("absolute", RESOLVE_BENEATH, "EXDEV");
  refused("absolute", RESOLVE_NO_SYMLINKS, "ELOOP");
  const absolute = openat2(jail, "absolute", O_RDONLY, RESOLVE_IN_ROOT);
  for (const fd of [inner, absolute, jail]) close(fd);
});

test.runIf(process.geteuid?.() === 0)(
  "a file handle finds its file after a rename, and says when it is gone",
  (context) => {
    using dir = tempDir();
    writeFileSync(dir.file("f"), "content");
    let handle: Buffer;
    try {
      handle = nameToHandleAt(AT_FDCWD, dir.file("f")).handle;
    } catch {
      context.skip("the file system of the temporary directory has no file handles");
      return;
    }
    at.renameat2(AT_FDCWD, dir.file("f"), AT_FDCWD, dir.file("g"));
    const directory = open(dir.path, O_RDONLY);
    const fd = openByHandleAt(directory, handle, O_RDONLY);
    expect(fd).toBeDefined();
    expect(readFileSync(fd ?? -1, "utf8")).toBe("content");
    close(fd ?? -1);
    at.unlinkat(AT_FDCWD, dir.file("g"));
    expect(openByHandleAt(directory, handle, O_RDONLY)).toBeUndefined();
    expect(() => openByHandleAt(directory, handle.subarray(0, 9), O_RDONLY)).toThrow(
      expect.objectContaining({ code: "EINVAL" }),
    );
    close(directory);
  },
);

test("the path of an open directory is told in its bytes, and none that is longer than a page", () => {
  using dir = tempDir();
  const name = Buffer.concat([Buffer.from(`${dir.path}/`), Buffer.from([0xff, 0x0a, 0xc3])]);
  mkdirSync(name);
  let fd = open(name, O_RDONLY | O_DIRECTORY);
  expect(at.toldPath(fd)).toEqual(name);
  const first = at.toldPath(fd);
  for (let depth = 0; depth < 20; depth++) {
    at.mkdirat(fd, "x".repeat(250));
    const next = openat2(fd, "x".repeat(250), O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
    close(fd);
    fd = next;
  }
  expect(() => at.toldPath(fd)).toThrow("ENAMETOOLONG");
  expect(first).toEqual(name);
  close(fd);
  expect(() => at.toldPath(-1)).toThrow("ENOENT");
});
