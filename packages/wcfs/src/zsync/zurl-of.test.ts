import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection, openStorage } from "@belay/zodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connOf } from "./conn-of.ts";
import { zurlOf } from "./zurl-of.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "belay-test-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function opened(zurl: string) {
  return openStorage(zurl, { readOnly: false, create: true });
}

test("a storage is opened by others as it was opened here: files, and changes on top of changes of files", async () => {
  const file = (name: string) => `file://${join(directory, name)}`;
  const zurls = [file("a.fs"), file("b.fs"), file("c.fs"), `demo:(${file("a.fs")})/(${file("b.fs")})`];
  zurls.push(`demo:(${zurls[3]})/(${file("c.fs")})`);
  for (const zurl of zurls) {
    await using storage = await opened(zurl);
    expect(zurlOf(storage)).toBe(zurl);
  }
  // What is no part of the database's name goes.
  await using storage = await opened(`${file("a.fs")}?connection_cache_size=100`);
  expect(zurlOf(storage)).toBe(file("a.fs"));
});

test("what exists in this process only is refused, also as a part", async () => {
  await using memory = await opened("memory://zurl-of");
  const hasNoServer = {
    code: "EINRAM",
    message: expect.stringContaining("in-RAM storages are not supported") as string,
  };
  expect(() => zurlOf(memory)).toThrow(expect.objectContaining(hasNoServer));
  await using demo = await opened(`demo:(file://${join(directory, "a.fs")})/(memory://changes)`);
  expect(() => zurlOf(demo)).toThrow(expect.objectContaining(hasNoServer));
  await expect(connOf(Connection.open(memory))).rejects.toMatchObject(hasNoServer);
});
