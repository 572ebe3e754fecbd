import { chmodSync, lstatSync, symlinkSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { tempDir } from "../testing/temp-dir.ts";
import { close, open } from "./open.ts";
import { O_DIRECTORY, O_RDONLY } from "./open-flags.ts";
import { ownStampOf, stampAt } from "./stamp.ts";

test("a stamp tells what lstat tells, of names in any encoding", () => {
  using dir = tempDir();
  const name = Buffer.from([0xff, 0x0a, 0xc3, 0x28]);
  const path = Buffer.concat([Buffer.from(`${dir.path}/`), name]);
  writeFileSync(path, "12345");
  chmodSync(path, 0o4711);
  symlinkSync("nowhere", dir.file("link"));
  const fd = open(dir.path, O_RDONLY | O_DIRECTORY);
  try {
    for (const [key, stat] of [
      [name.toString("latin1"), lstatSync(path, { bigint: true })],
      ["link", lstatSync(dir.file("link"), { bigint: true })],
    ] as const)
      expect(stampAt(fd, key)).toMatchObject({
        ino: stat.ino,
        mode: Number(stat.mode),
        mtime: stat.mtimeNs,
        ctime: stat.ctimeNs,
      });
    const directory = lstatSync(dir.path, { bigint: true });
    expect(ownStampOf(fd)).toEqual({
      mode: Number(directory.mode),
      uid: Number(directory.uid),
      gid: Number(directory.gid),
      ctime: directory.ctimeNs,
    });
    expect(stampAt(fd, "absent")).toBeUndefined();
    expect(stampAt(fd, "link/below")).toBeUndefined();
  } finally {
    close(fd);
  }
  for (const impossible of ["a\0b", "x".repeat(256)])
    expect(() => stampAt(fd, impossible)).toThrow(expect.objectContaining({ code: "EINVAL" }));
});
