import { symlinkSync, writeFileSync } from "node:fs";

import { expect, test, type TestContext } from "vitest";

import { errnoOf } from "../errno/errno-error.ts";
import { errno } from "../errno/errno-table.ts";
import { close, open } from "../files/open.ts";
import { O_RDONLY } from "../files/open-flags.ts";
import { tempDir } from "../testing/temp-dir.ts";
import * as xattr from "./xattr.ts";

test("attributes are set, listed, read and removed by path", (context) => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "");
  skipWithoutXattrs(context, dir.file("f"));
  const large = Buffer.alloc(3000, "v");
  xattr.lsetxattr(dir.file("f"), "user.belay.large", large);
  xattr.lsetxattr(dir.file("f"), "user.belay.empty", Buffer.alloc(0));
  expect(xattr.lgetxattr(dir.file("f"), "user.belay.large")).toEqual(large);
  expect(xattr.lgetxattr(dir.file("f"), "user.belay.empty")).toEqual(Buffer.alloc(0));
  expect(xattr.lgetxattr(dir.file("f"), "user.belay.none")).toBeUndefined();
  const names = xattr.llistxattr(dir.file("f")).map(String);
  expect(names.filter((name) => name.startsWith("user.belay")).sort()).toEqual([
    "user.belay.empty",
    "user.belay.large",
  ]);
  expect(() => xattr.lsetxattr(dir.file("f"), "user.belay.large", large, xattr.XATTR_CREATE)).toThrow(
    expect.objectContaining({ code: "EEXIST" }),
  );
  xattr.lremovexattr(dir.file("f"), "user.belay.large");
  expect(() => xattr.lremovexattr(dir.file("f"), "user.belay.large")).toThrow(
    expect.objectContaining({ code: "ENODATA" }),
  );
});

test("attributes are set, listed, read and removed by descriptor", (context) => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "");
  skipWithoutXattrs(context, dir.file("f"));
  const fd = open(dir.file("f"), O_RDONLY);
  xattr.fsetxattr(fd, "user.belay", Buffer.from([0, 1, 255]));
  expect(xattr.fgetxattr(fd, Buffer.from("user.belay"))).toEqual(Buffer.from([0, 1, 255]));
  expect(xattr.flistxattr(fd).map(String)).toContain("user.belay");
  xattr.fremovexattr(fd, "user.belay");
  expect(xattr.fgetxattr(fd, "user.belay")).toBeUndefined();
  close(fd);
});

test.runIf(process.geteuid?.() === 0)("a symbolic link has attributes of its own", (context) => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "");
  skipWithoutXattrs(context, dir.file("f"));
  symlinkSync("f", dir.file("link"));
  xattr.lsetxattr(dir.file("link"), "trusted.belay", Buffer.from("link"));
  expect(xattr.lgetxattr(dir.file("link"), "trusted.belay")?.toString()).toBe("link");
  expect(xattr.lgetxattr(dir.file("f"), "trusted.belay")).toBeUndefined();
});

function skipWithoutXattrs(context: TestContext, path: string): void {
  try {
    xattr.lsetxattr(path, "user.probe", Buffer.from("1"));
  } catch (error) {
    if (errnoOf(error) !== errno.EOPNOTSUPP) throw error;
    context.skip("the file system of the temporary directory has no extended attributes");
  }
}
