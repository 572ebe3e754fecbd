import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noReplica } from "../rpc/hello-messages.ts";
import { siteOf } from "../secondary/site.ts";
import { makeCommandPlace } from "../testing/command-place.ts";
import { queueName, WorkQueue } from "../worker/queue.ts";
import { forgetSession } from "../secondary/forget.ts";
import { readMonitorStatus } from "../status/monitor-status.ts";
import { deleteSession } from "./delete-session.ts";
import type { KnownSession } from "./known-session.ts";
import { workingFolder } from "./session-files.ts";
import { findSession, listSessions } from "./find-session.ts";
import { recordPath } from "./known-session.ts";
import { georepPlaces } from "./places.ts";
import { statePath } from "./session-files.ts";

test("a created session has its files, and is found however it is written", async () => {
  using place = makeCommandPlace();
  const source = place.directory("src");
  const known = await place.create("src", "./dst", { options: ["sync-jobs=8"] });
  expect(existsSync(place.directory("dst"))).toBe(true);
  expect(readMonitorStatus(statePath(known))).toBe("Created");
  expect(readFileSync(known.configFile, "utf8")).toContain("sync-jobs = 8\n");
  for (const words of [
    [`file://${source}/`, `${place.path}//dst`],
    ["src", "dst"],
    [known.name],
    [known.name.slice(0, 2)],
    [source],
    ["./src/"],
  ])
    expect(findSession(place.places, words, place.path).id).toBe(known.id);
  await expect(place.create("./src", "dst")).rejects.toMatchObject({ code: "EEXIST" });
  expect(() => findSession(place.places, ["src", "other"], place.path)).toThrow("is not replicated to");
  expect(() => findSession(place.places, ["zzz"], place.path)).toThrow("there is no session 'zzz'");
  await place.create("src", "dst2");
  expect(() => findSession(place.places, [source], place.path)).toThrow(`'${source}' may be `);
});

test("where nothing can be written, it is said which place that is and how to name another", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  writeFileSync(join(place.path, "belay"), "no folder");
  await expect(place.create("src", "dst")).rejects.toMatchObject({
    code: "ESTATE",
    message: expect.stringContaining(`nothing can be written in ${place.path}/belay/`) as string,
    hint: expect.stringContaining("BELAY_GEOREP_DIR") as string,
  });
  expect(georepPlaces({ BELAY_GEOREP_DIR: "some/where" }).workDirectory).toBe(join(process.cwd(), "some/where"));
});

test("a session that was not created to the end is none, and is created over", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  rmSync(recordPath(known));
  expect(listSessions(place.places)).toEqual([]);
  expect((await place.create("src", "dst")).id).toBe(known.id);
});

test("each end is looked at, and each problem has its line", async () => {
  using place = makeCommandPlace();
  const refused = (source: string, destination: string) => place.create(source, destination);
  place.directory("src");
  writeFileSync(join(place.directory("full"), "file"), "x");
  await expect(refused("nothing", "dst")).rejects.toMatchObject({ code: "ESOURCE" });
  await expect(refused("full/file", "dst")).rejects.toMatchObject({ code: "ESOURCE" });
  await expect(refused("src", "full")).rejects.toMatchObject({ code: "ENOTEMPTY" });
  await expect(refused("src", "full/file")).rejects.toMatchObject({ code: "EDESTINATION" });
  await expect(refused("src", "src/below")).rejects.toMatchObject({ code: "ENESTED" });
  await expect(refused("src", "src")).rejects.toMatchObject({ code: "ENESTED" });
  await expect(refused("src", `${"x/".repeat(150)}y`)).rejects.toMatchObject({ code: "ENAMETOOLONG" });
  await expect(place.create("src", "full", { force: true })).resolves.toMatchObject({ created: 0 });
});

test("options are refused as config set refuses them", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  for (const [option, code] of [
    ["sync-jobs=0", "EVALUE"],
    ["nope=1", "ENAME"],
    ["pid-file=/x", "ENOTCONF"],
    ["sync-jobs", "EUSAGE"],
  ] as const)
    await expect(place.create("src", "dst", { options: [option] })).rejects.toMatchObject({ code });
});

test("two sessions do not write to one place, nor in a circle", async () => {
  using place = makeCommandPlace();
  for (const name of ["a", "b", "c"]) place.directory(name);
  await place.create("a", "b");
  await expect(place.create("c", "b")).rejects.toMatchObject({ code: "EINUSE" });
  await expect(place.create("c", "b/below")).rejects.toMatchObject({ code: "EINUSE" });
  await expect(place.create("b", "a", { force: true })).rejects.toMatchObject({ code: "ECIRCLE" });
  await expect(place.create("b", "c")).resolves.toBeDefined();
});

test("a deleted session is gone here, and can be created again over its own copy", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  const state = place.directory(`dst/.belay-georep/${known.id}`);
  writeFileSync(join(state, "map.sqlite"), "");
  writeFileSync(join(place.path, "dst", "file"), "x");
  deleteSession(place.places, known);
  expect(listSessions(place.places)).toEqual([]);
  expect(existsSync(known.folder)).toBe(false);
  await place.create("src", "dst");
  deleteSession(place.places, known);
  await forgetSession(join(place.path, "dst"), known.id);
  expect([existsSync(state), existsSync(join(place.path, "dst", "file"))]).toEqual([false, true]);
  await expect(place.create("src", "dst")).rejects.toMatchObject({ code: "ENOTEMPTY" });
});

test("a destination that was looked at is remembered where the first worker looks", async () => {
  using place = makeCommandPlace();
  for (const name of ["a", "c"]) place.directory(name);
  const created = (known: KnownSession) => {
    const path = join(workingFolder(place.places, known), queueName);
    if (!existsSync(path)) return undefined;
    using queue = new WorkQueue(path);
    return queue.created;
  };
  const looked = await place.create("a", "b");
  expect(created(looked)).toEqual({ replica: noReplica, site: siteOf(join(place.path, "b")) });
  expect(created(await place.create("c", "d", { verify: false }))).toBeUndefined();
});
