import { existsSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { tempDir } from "../testing/temp-dir.ts";
import { MNT_DETACH, mount, MS_NOSUID, MS_RDONLY, umount2 } from "./mount.ts";

const root = process.geteuid?.() === 0;

test.runIf(root)("a file system is mounted with flags and data, and unmounted", () => {
  using dir = tempDir();
  mount("belay", dir.path, "tmpfs", MS_NOSUID | MS_RDONLY, "size=1m,mode=700");
  try {
    expect(() => writeFileSync(dir.file("f"), "")).toThrow(expect.objectContaining({ code: "EROFS" }));
  } finally {
    umount2(dir.path);
  }
  writeFileSync(dir.file("f"), "");
  expect(existsSync(dir.file("f"))).toBe(true);
});

test.runIf(root)("errors name the mount point", () => {
  using dir = tempDir();
  expect(() => mount("none", dir.path, "nosuchfs")).toThrow(
    expect.objectContaining({ code: "ENODEV", path: dir.path }),
  );
  expect(() => umount2(dir.path, MNT_DETACH)).toThrow(expect.objectContaining({ code: "EINVAL", syscall: "umount2" }));
});

test.runIf(!root)("mounting needs root", () => {
  expect(() => mount("none", "/mnt", "tmpfs")).toThrow(expect.objectContaining({ code: "EPERM" }));
});
