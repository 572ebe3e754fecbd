import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadGraph } from "./load.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "belay-test-graph-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
};
const tags = (): string[] => loadGraph(folder).map(({ tag }) => tag);

test("each comes behind those it needs, whatever its file is called", () => {
  write({ "a.docker": "FROM qemu/b\n", "b.Dockerfile": "FROM qemu/c:latest\n", "Dockerfile.c": "FROM scratch\n" });
  expect(tags()).toEqual(["qemu/c", "qemu/b", "qemu/a"]);
});

test("a circle is named the way round", () => {
  write({ "a.docker": "FROM qemu/b\n", "b.docker": "FROM qemu/a\n" });
  expect(tags).toThrow("images need each other: qemu/a -> qemu/b -> qemu/a");
  write({ "b.docker": "FROM qemu/b\n" });
  expect(tags).toThrow("qemu/b -> qemu/b");
});

test("two files for one image are refused: which of them won would be chance", () => {
  write({ "a.docker": "FROM scratch\n", "Dockerfile.a": "FROM scratch\n" });
  expect(tags).toThrow(/Dockerfile\.a and .*a\.docker both make the image qemu\/a/);
});

test("folders and what editors leave are no Dockerfiles", () => {
  write({ "a.docker": "FROM scratch\n", "a.docker~": "", ".b.docker": "FROM nowhere\n" });
  mkdirSync(join(folder, "c.docker"));
  symlinkSync("someone@here.1234", join(folder, ".#a.docker"));
  expect(tags()).toEqual(["qemu/a"]);
});

test("one that cannot be read is told by itself, and the others are there", () => {
  write({ "a.docker": "FROM scratch\n", "b.docker": "FROM qemu/c\n" });
  writeFileSync(join(folder, "c.docker"), Buffer.from([0xff]));
  symlinkSync("nowhere", join(folder, "d.docker"));
  const nodes = loadGraph(folder).map(({ tag, unreadable }) => [tag, unreadable?.message]);
  expect(Object.fromEntries(nodes)).toEqual({
    "qemu/a": undefined,
    "qemu/b": undefined,
    "qemu/c": `the Dockerfile ${folder}/c.docker is not in UTF-8`,
    "qemu/d": `the Dockerfile ${folder}/d.docker is not there`,
  });
});

test("what is no folder of Dockerfiles is told in a line", () => {
  expect(tags).toThrow("holds no Dockerfiles");
  expect(() => loadGraph(join(folder, "none"))).toThrow(`${folder}/none is not there`);
  write({ file: "" });
  expect(() => loadGraph(join(folder, "file"))).toThrow(`${folder}/file is no folder`);
});
