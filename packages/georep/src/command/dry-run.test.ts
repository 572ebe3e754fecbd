import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCommandPlace } from "../testing/command-place.ts";
import { planTransfer } from "./dry-run.ts";

test("what would be made, changed and removed is counted, and nothing is changed", async () => {
  using place = makeCommandPlace();
  const [source, destination] = [place.directory("src"), place.directory("dst")];
  for (const root of [source, destination]) {
    fs.mkdirSync(join(root, "d"));
    fs.writeFileSync(join(root, "d", "same"), "same");
    fs.writeFileSync(join(root, "d", "bigger"), "x");
    fs.writeFileSync(join(root, "d", "mode"), "x");
    fs.symlinkSync("a", join(root, "link"));
    for (const name of ["same", "bigger", "mode"]) fs.utimesSync(join(root, "d", name), 1, 1);
  }
  fs.writeFileSync(join(source, "d", "bigger"), "twelve bytes");
  fs.chmodSync(join(source, "d", "mode"), 0o600);
  fs.rmSync(join(source, "link"));
  fs.symlinkSync("b", join(source, "link"));
  fs.mkdirSync(join(source, "new"));
  fs.writeFileSync(join(source, "new", Buffer.from([0xff, 0x0a]).toString("latin1")), "12345");
  fs.mkdirSync(join(destination, "old", "deep"), { recursive: true });
  fs.mkdirSync(join(destination, ".belay-georep"));
  fs.utimesSync(join(source, "d"), 5, 5);
  fs.utimesSync(join(destination, "d"), 5, 5);
  const names: string[] = [];
  const plan = await planTransfer(Buffer.from(source), Buffer.from(destination), ({ action, path }) => {
    names.push(`${action} ${path.toString("latin1")}`);
  });
  expect(plan).toEqual({ create: 2, update: 2, touch: 1, remove: 2, bytes: 17 });
  expect(names).toEqual(expect.arrayContaining(["remove old/deep", "touch d/mode", "update link", "create new"]));
  expect(fs.existsSync(join(destination, "new"))).toBe(false);
});

test("without a destination everything would be made", async () => {
  using place = makeCommandPlace();
  fs.writeFileSync(join(place.directory("src"), "f"), "abc");
  const plan = await planTransfer(Buffer.from(join(place.path, "src")), Buffer.from(join(place.path, "none")));
  expect(plan).toMatchObject({ create: 1, bytes: 3, remove: 0 });
});
