import { expect, test } from "vitest";
import { makeCommandPlace, recordTalk } from "../testing/command-place.ts";
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
