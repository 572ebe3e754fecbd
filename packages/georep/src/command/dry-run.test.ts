import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCommandPlace } from "../testing/command-place.ts";
import { parseExcludes } from "../policy/excludes.ts";
import { defaultPolicy, type SyncPolicy } from "../policy/policy.ts";
import { Survey } from "../secondary/survey.ts";
import { problemText } from "./run/plan.ts";
import { planTransfer, type PlanOptions } from "./dry-run.ts";

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
  const plan = await planTransfer({
    ...sides(source, destination),
    onChange: ({ action, path }) => names.push(`${action} ${path.toString("latin1")}`),
  });
  expect(plan).toEqual({ create: 2, update: 2, touch: 1, remove: 2, bytes: 17, unreadable: 0 });
  expect(names).toEqual(expect.arrayContaining(["remove old/deep", "touch d/mode", "update link", "create new"]));
  expect(fs.existsSync(join(destination, "new"))).toBe(false);
});

test("without a destination everything would be made", async () => {
  using place = makeCommandPlace();
  fs.writeFileSync(join(place.directory("src"), "f"), "abc");
  const plan = await planTransfer(sides(join(place.path, "src"), join(place.path, "none")));
  expect(plan).toMatchObject({ create: 1, bytes: 3, remove: 0 });
});

test("what is left out, what may not be deleted, and directories with more names than an answer holds", async () => {
  using place = makeCommandPlace();
  const [source, destination] = [place.directory("src"), place.directory("dst")];
  for (let i = 0; i < 2500; i++) fs.writeFileSync(join(source, `many-${i}`), "");
  fs.linkSync(join(source, "many-0"), join(source, "other name"));
  fs.writeFileSync(join(source, "a.tmp"), "");
  fs.writeFileSync(join(destination, "b.tmp"), "");
  fs.mkdirSync(join(destination, "d"));
  fs.writeFileSync(join(destination, "d", "in it"), "");
  const plan = (policy: Partial<SyncPolicy>) => planTransfer(sides(source, destination, policy));
  expect(await plan({})).toMatchObject({ create: 2502, remove: 3 });
  const excludes = parseExcludes("*.tmp");
  expect(await plan({ excludes })).toMatchObject({ create: 2501, remove: 2 });
  expect(await plan({ excludes, deleteExcluded: true })).toMatchObject({ create: 2501, remove: 3 });
  expect(await plan({ ignoreDeletes: true })).toMatchObject({ create: 2502, remove: 0 });
  fs.rmSync(join(source, "other name"));
  fs.mkdirSync(join(source, "d"));
  expect(await planTransfer({ ...sides(source, destination), below: "d" })).toMatchObject({ create: 0, remove: 1 });
});

test.runIf(process.geteuid?.() !== 0)(
  "a directory that cannot be looked at is told, and the others are compared",
  async () => {
    using place = makeCommandPlace();
    const source = place.directory("src");
    fs.mkdirSync(join(source, "closed"), { mode: 0 });
    fs.writeFileSync(join(source, "f"), "");
    const problems: string[] = [];
    const onProblem = (path: Buffer) => void problems.push(path.toString());
    const plan = await planTransfer({ ...sides(source, place.directory("dst")), onProblem });
    expect(plan).toMatchObject({ create: 2, unreadable: 1 });
    expect(problems).toEqual(["closed"]);
  },
);

test("what is wrong with a directory is told without what it was opened through", () => {
  const told = problemText(new Error("EACCES: permission denied, scandir '/proc/self/fd/23'"));
  expect(told).toBe("EACCES: permission denied");
});

function sides(from: string, to: string, policy: Partial<SyncPolicy> = {}): PlanOptions {
  const [source, destination] = [from, to].map((root) => new Survey({ root, session: "s" }));
  if (source === undefined || destination === undefined) throw new Error("two sides");
  return { source, destination, policy: { ...defaultPolicy, ...policy } };
}
