import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { openFileStorage } from "./open.ts";
import { replaceFile } from "./replace-file.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "belay-test-replace-"));
});

afterAll(() => rmSync(directory, { recursive: true }));

test("a file that is replaced has no second name while its content is written", () => {
  const path = join(directory, "file");
  writeFileSync(path, "old");
  writeFileSync(`${path}.tmp`, "of a writer that died");
  const seen: string[][] = [];
  function* content(): Generator<Buffer> {
    yield Buffer.from("new ");
    seen.push(readdirSync(directory));
    yield Buffer.from("content");
  }
  replaceFile(path, `${path}.tmp`, content());
  expect(seen).toEqual([["file"]]);
  expect(readFileSync(path, "utf8")).toBe("new content");
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("content that fails leaves the old file, and nothing beside it", () => {
  const path = join(directory, "file");
  function* content(): Generator<Buffer> {
    yield Buffer.from("half");
    throw new Error("no more");
  }
  expect(() => replaceFile(path, `${path}.tmp`, content())).toThrow("no more");
  expect(readFileSync(path, "utf8")).toBe("new content");
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("an index that a killed writer had half written goes when the database is opened for writing", async () => {
  const path = join(directory, "Data.fs");
  writeFileSync(`${path}.index.index_tmp`, "half");
  await using _storage = await openFileStorage(path, { readOnly: false, create: true });
  expect(readdirSync(directory).filter((name) => name.endsWith("_tmp"))).toEqual([]);
});
