import { expect, test } from "vitest";
import { ownDefaults } from "../config/own-options.ts";
import { policyOf } from "../policy/policy.ts";
import { makeCommandPlace, recordTalk } from "../testing/command-place.ts";
import { configOf } from "./session-files.ts";
import { configCommand, type ConfigRequest } from "./config-command.ts";

test("options are listed, read, set and taken out again", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  const call = async (action: ConfigRequest["action"], ...words: string[]) => {
    const talk = recordTalk();
    const changed = await configCommand(place.places, known, { action, words }, talk);
    return [...talk.out, ...(changed === undefined ? [] : [`restart for ${changed}`])];
  };
  expect(await call("get", "sync-jobs")).toEqual(["3"]);
  expect(await call("set", "sync_jobs", "8")).toEqual([]);
  expect(await call("set", "ignore-deletes=yes")).toEqual([]);
  expect(await call("list")).toEqual(expect.arrayContaining([expect.stringMatching(/^sync-jobs +8$/)]));
  expect(await call("get", "ignore-deletes")).toEqual(["true"]);
  expect(await call("del", "sync-jobs")).toEqual([]);
  expect(await call("get", "sync-jobs")).toEqual(["3"]);
  expect(await call("check", "sync-jobs", "5")).toEqual([]);
  await call("set", "checkpoint", "now");
  expect(Number((await call("get", "checkpoint"))[0])).toBeGreaterThan(1.7e9);
  for (const [words, code] of [
    [["set", "sync-jobs", "0"], "EVALUE"],
    [["check", "sync-jobs", "x"], "EVALUE"],
    [["set", "nope", "0"], "ENAME"],
    [["get", "nope"], "ENAME"],
    [["set", "state-file", "/x"], "ENOTCONF"],
    [["set", "sync-jobs"], "EUSAGE"],
    [["get"], "EUSAGE"],
  ] as const) {
    const [action, ...rest] = words;
    await expect(call(action, ...rest)).rejects.toMatchObject({ code });
  }
});

test("options that gsyncd has not are found, too, with what holds while they are not set", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  const call = async (action: ConfigRequest["action"], words: string[], all = false) => {
    const talk = recordTalk();
    await configCommand(place.places, known, { action, words, all }, talk);
    return talk.out.map((line) => line.replace(/ +/g, " "));
  };
  expect(await call("get", ["engine"])).toEqual(["stream"]);
  expect(await call("list", [], true)).toEqual(
    expect.arrayContaining([" engine stream", " exclude", " scan-interval 60"]),
  );
  expect((await call("list", [])).join()).not.toContain("engine");
  await call("set", ["sync-method", "tarssh"]);
  expect(await call("get", ["engine"])).toEqual(["tarssh"]);
  // What is shown is what holds: to set it changes nothing.
  const unset = policyOf(configOf(place.places, known));
  for (const [name, value] of ownDefaults) if (name !== "engine") await call("set", [name, value]);
  const plain = (policy: object) => JSON.parse(JSON.stringify({ ...policy, scope: "" })) as unknown;
  expect(plain(policyOf(configOf(place.places, known)))).toEqual(plain(unset));
});

test("for programs every option is a line with its default", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  const talk = recordTalk(true);
  await configCommand(place.places, known, { action: "list", words: [], all: true }, talk);
  const lines = talk.out.map((line) => JSON.parse(line) as { name: string });
  expect(lines.find(({ name }) => name === "sync-jobs")).toEqual({
    name: "sync-jobs",
    value: "3",
    default: "3",
    configurable: true,
    modified: false,
  });
});
