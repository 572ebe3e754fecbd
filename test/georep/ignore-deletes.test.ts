import * as fs from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { makePair, within } from "./replica.ts";

const keeping = { policy: { ...defaultPolicy, ignoreDeletes: true } };
const names = (directory: string): string[] =>
  fs
    .readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith(".belay-georep"))
    .sort();

test("deletions are not replicated, renamings are", async () => {
  using pair = makePair();
  const at = (name: string) => join(pair.source, name);
  for (const directory of ["d/e", "gone/deep"]) fs.mkdirSync(at(directory), { recursive: true });
  for (const name of ["a", "b", "d/e/x", "gone/deep/y"]) fs.writeFileSync(at(name), name);
  fs.linkSync(at("a"), at("a2"));
  await using worker = await pair.start(keeping);
  await worker.checkpoint(within(30_000));
  fs.unlinkSync(at("b"));
  fs.rmSync(at("gone"), { recursive: true });
  fs.renameSync(at("a"), at("a1"));
  fs.renameSync(at("d"), at("f"));
  fs.unlinkSync(at("a2"));
  await worker.checkpoint(within(30_000));
  expect(names(pair.destination)).toEqual(["a1", "b", "f", "f/e", "f/e/x", "gone", "gone/deep", "gone/deep/y"]);
  expect(fs.readFileSync(join(pair.destination, "b"), "utf8")).toBe("b");
});

test("a directory that a file is moved out of has the time it has at the source", async () => {
  using pair = makePair();
  for (const name of ["d", "e"]) fs.mkdirSync(join(pair.source, name));
  fs.writeFileSync(join(pair.source, "d/x"), "1");
  await using worker = await pair.start(keeping);
  await worker.checkpoint(within(30_000));
  fs.renameSync(join(pair.source, "d/x"), join(pair.source, "e/x"));
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
});

test("a rename that nobody watched leaves no old name", async () => {
  using pair = makePair();
  fs.writeFileSync(join(pair.source, "a"), "1");
  {
    await using worker = await pair.start(keeping);
    await worker.checkpoint(within(30_000));
  }
  fs.renameSync(join(pair.source, "a"), join(pair.source, "b"));
  await using worker = await pair.start(keeping);
  await worker.checkpoint(within(30_000));
  expect(names(pair.destination)).toEqual(["b"]);
});

test("a directory that is made anew takes over what is left of the old one; a file in its place sets it aside", async () => {
  using pair = makePair();
  const at = (name: string) => join(pair.source, name);
  for (const directory of ["d", "e"]) {
    fs.mkdirSync(at(directory));
    fs.writeFileSync(join(at(directory), "old"), "1");
  }
  await using worker = await pair.start(keeping);
  await worker.checkpoint(within(30_000));
  fs.rmSync(at("d"), { recursive: true });
  fs.mkdirSync(at("d"));
  fs.writeFileSync(at("d/new"), "2");
  fs.rmSync(at("e"), { recursive: true });
  fs.writeFileSync(at("e"), "3");
  await worker.checkpoint(within(30_000));
  expect(names(pair.destination)).toEqual(["d", "d/new", "d/old", "e"]);
  const aside = join(pair.destination, ".belay-georep", "test", "conflicts");
  expect(names(aside).some((name) => name.endsWith("/old"))).toBe(true);
});

test("what is at the destination and not ours makes its name fail when it may not be moved aside", async () => {
  using pair = makePair();
  for (const [name, text] of [
    ["a", "mine"],
    ["same", "equal"],
    ["link", "mine"],
  ] as const)
    // prettier-ignore
    fs.writeFileSync(join(pair.destination, name), text);
  for (const [name, text] of [
    ["a", "yours"],
    ["same", "equal"],
    ["b", "1"],
  ] as const)
    // prettier-ignore
    fs.writeFileSync(join(pair.source, name), text);
  fs.symlinkSync("x", join(pair.source, "link"));
  await using worker = await pair.start({ policy: { ...defaultPolicy, setsConflictsAside: false } });
  await expect.poll(() => worker.retries().length).toBe(2);
  expect(worker.retries().map(({ code, name }) => `${code} ${name.toString()}`).sort()).toEqual(["EEXIST a", "EEXIST link"]); // prettier-ignore
  await expect.poll(() => fs.existsSync(join(pair.destination, "b"))).toBe(true);
  expect(fs.readFileSync(join(pair.destination, "a"), "utf8")).toBe("mine");
  for (const name of ["a", "link"]) fs.unlinkSync(join(pair.destination, name));
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
});
