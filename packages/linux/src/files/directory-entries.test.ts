import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { tempDir } from "../testing/temp-dir.ts";
import {
  directoryEntries,
  DT_DIR,
  DT_LNK,
  DT_REG,
  DT_UNKNOWN,
  noEntries,
  type DirectoryEntries,
} from "./directory-entries.ts";
import { read } from "./io.ts";
import { O_DIRECTORY, O_RDONLY } from "./open-flags.ts";
import { close, open, openatRaw } from "./open.ts";

function entriesOf(path: string, most?: number): Map<string, { type: number; cName: Buffer }> {
  const fd = open(path, O_RDONLY | O_DIRECTORY);
  try {
    directoryEntries(fd); // a second reading begins anew
    return new Map(Array.from(directoryEntries(fd, most), (entry) => [entry.cName.toString("latin1"), entry]));
  } finally {
    close(fd);
  }
}

test("all entries of a directory, with their types and the bytes of their names", () => {
  using dir = tempDir();
  const odd = Buffer.concat([Buffer.from([0xff, 0x0a, 0xc3]), Buffer.alloc(252, 0x78)]);
  writeFileSync(Buffer.concat([Buffer.from(`${dir.path}/`), odd]), "");
  writeFileSync(dir.file(".hidden"), "");
  writeFileSync(dir.file("..x"), "");
  mkdirSync(dir.file("d"));
  symlinkSync("nowhere", dir.file("l"));
  const found = entriesOf(dir.path);
  expect([...found.keys()].sort()).toEqual(["..x\0", ".hidden\0", "d\0", "l\0", `${odd.toString("latin1")}\0`].sort());
  const told = (name: string) => found.get(`${name}\0`)?.type;
  if (told("d") === DT_UNKNOWN) return; // a file system that does not tell types
  expect([told("d"), told("l"), told(".hidden")]).toEqual([DT_DIR, DT_LNK, DT_REG]);
});

test("more entries than one call gives, all or enough of them; their names serve as those of raw calls", () => {
  using dir = tempDir();
  for (let index = 0; index < 5000; index++) writeFileSync(dir.file(`name-${index}`), "");
  expect(entriesOf(dir.path).size).toBe(5000);
  expect(entriesOf(dir.path, 10).size).toBeGreaterThanOrEqual(10);
  expect(entriesOf(dir.path, 10).size).toBeLessThan(5000);
  const directory = open(dir.path, O_RDONLY | O_DIRECTORY);
  const all = directoryEntries(directory);
  // The last one was told by another call than the first.
  for (const index of [0, 4999]) {
    writeFileSync(dir.file(all.cName(index).toString("latin1", 0, all.cName(index).length - 1)), `${index}`);
    for (const fd of [openatRaw(directory, all.cName(index), O_RDONLY, 0), all.open(directory, index, O_RDONLY)]) {
      const content = Buffer.alloc(9);
      expect(content.toString("latin1", 0, read(fd, content))).toBe(`${index}`);
      close(fd);
    }
  }
  close(directory);
  expect(() => all.open(directory, 5000, O_RDONLY)).toThrow(RangeError);
});

test("a part of the entries, all without one, and the bytes of a name where they are wanted", () => {
  using dir = tempDir();
  for (const name of ["a", "b", "cc"]) writeFileSync(dir.file(name), "");
  const directory = open(dir.path, O_RDONLY | O_DIRECTORY);
  const all = directoryEntries(directory);
  close(directory);
  const names = (entries: DirectoryEntries) => Array.from(entries, ({ cName }) => cName.toString("latin1"));
  const told = names(all);
  expect([...told].sort()).toEqual(["a\0", "b\0", "cc\0"]);
  expect(names(all.slice(1))).toEqual(told.slice(1));
  expect(names(all.slice(0, 2))).toEqual(told.slice(0, 2));
  expect(names(all.without(Buffer.from("b\0")))).toEqual(told.filter((name) => name !== "b\0"));
  expect(names(noEntries)).toEqual([]);
  const memory = Buffer.alloc(6, "x");
  expect(all.putName(told.indexOf("cc\0"), memory, 2)).toBe(3);
  expect(memory.toString("latin1")).toBe("xxcc\0x");
});

test("what is no directory", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "");
  const fd = open(dir.file("f"), O_RDONLY);
  try {
    expect(() => directoryEntries(fd)).toThrow("ENOTDIR");
  } finally {
    close(fd);
  }
});
