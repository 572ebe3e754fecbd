import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isZodbError } from "../errors/zodb-error.ts";
import { openFileStorage } from "../filestorage/open.ts";
import { crashVariants, smallDatabase } from "../filestorage/testing/crash-variants.ts";
import { temporaryDirectory } from "../filestorage/testing/python-database.ts";
import { zodbCheck } from "./zodb-check.ts";

test("a check finds damage where opening the database does, and a tail where the next writer cuts one off", async () => {
  using dir = temporaryDirectory();
  const { file, last } = await smallDatabase(dir.file("Data.fs"));
  mkdirSync(dir.file("check"));
  const [checked, opened]: Record<string, string>[] = [{}, {}];
  for (const [name, bytes] of crashVariants(file, last)) {
    const path = join(dir.file("check"), name);
    writeFileSync(path, bytes);
    copyFileSync(path, `${path}.copy`);
    if (checked !== undefined) checked[name] = await check(path);
    if (opened !== undefined) opened[name] = await open(`${path}.copy`, bytes.length);
  }
  expect(checked).toEqual(opened);
  expect(checked).toMatchObject({
    "trailer-only": "damaged",
    "header-only": "damaged",
    voted: "tail",
    "zeros-100": "tail",
  });
});

async function check(path: string): Promise<string> {
  const lines: string[] = [];
  const code = await zodbCheck(path, {}, { out: (text) => Promise.resolve(void lines.push(String(text))) });
  if (code !== 0) return "damaged";
  return lines.join("").includes(" tail=") ? "tail" : "sound";
}

/** As a reader and as the next writer. */
async function open(path: string, size: number): Promise<string> {
  try {
    await (await openFileStorage(path))[Symbol.asyncDispose]();
    await using storage = await openFileStorage(path, { readOnly: false });
    return storage.generation.pos === size ? "sound" : "tail";
  } catch (error) {
    if (!isZodbError(error, "EDAMAGED")) throw error;
    return "damaged";
  }
}
