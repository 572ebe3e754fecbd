import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openLedger, tempDir } from "@belay/supervise";
import { expect, test } from "vitest";

import { openRoot } from "./open-root.ts";

async function folders() {
  const ledger = await openLedger();
  const { path, [Symbol.asyncDispose]: remove } = await tempDir(ledger);
  for (const name of ["allowed/sub", "outside"]) mkdirSync(join(path, name), { recursive: true });
  symlinkSync(join(path, "outside"), join(path, "allowed/link"));
  symlinkSync("sub", join(path, "allowed/near"));
  const at = (name: string) => join(path, name);
  return { at, [Symbol.asyncDispose]: () => remove().then(() => ledger[Symbol.asyncDispose]()) };
}

test("the folder of a key and what is below it can be written to", async () => {
  await using place = await folders();
  for (const name of ["allowed", "allowed/sub", "allowed/../allowed/sub"]) {
    using root = openRoot(place.at(name), [place.at("nothing"), place.at("allowed")]);
    writeFileSync(join(root.path, "here"), "");
    expect(existsSync(join(place.at(name), "here"))).toBe(true);
  }
});

test("nothing else can", async () => {
  await using place = await folders();
  const only = [place.at("allowed")];
  for (const name of ["outside", "allowed/../outside", "allowedx", ""])
    expect(() => openRoot(place.at(name), only), name).toThrow(expect.objectContaining({ code: "ERESTRICTED" }));
  expect(() => openRoot(place.at("allowed/link"), only)).toThrow(expect.objectContaining({ code: "ELOOP" }));
  expect(() => openRoot(place.at("allowed/near"), only)).toThrow(expect.objectContaining({ code: "ELOOP" }));
  expect(() => openRoot(place.at("allowed/new"), only)).toThrow(expect.objectContaining({ code: "ENOENT" }));
  expect(readdirSync(place.at("outside"))).toEqual([]);
});

test("without restrictions any path will do, and is not made before there is a session", async () => {
  await using place = await folders();
  using root = openRoot(place.at("new/deep"), undefined);
  expect(root.path).toBe(place.at("new/deep"));
  expect(existsSync(root.path)).toBe(false);
});
