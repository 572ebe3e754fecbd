import { execFileSync } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { makePair, within } from "./replica.ts";
import { testAgent } from "./test-agent.ts";

test("a destination that was put back to what it was before, with what it remembers, is found to be behind", async () => {
  using pair = makePair();
  await using agent = testAgent(pair);
  await agent.ensure();
  const at = (name: string) => join(pair.source, name);
  for (const name of ["kept", "changed", "deleted"]) writeFileSync(at(name), name);
  const follow = async () => {
    await using worker = await agent.worker();
    await worker.checkpoint(within(30_000));
    return worker.status.compared;
  };
  await follow();
  expect(pair.differences()).toEqual([]);
  const backup = join(pair.base, "backup");
  execFileSync("cp", ["-a", pair.destination, backup]);

  writeFileSync(at("changed"), "again");
  writeFileSync(at("new"), "new");
  rmSync(at("deleted"));
  expect(await follow()).toBe(0);
  expect(pair.differences()).toEqual([]);

  const { ino } = statSync(pair.destination);
  execFileSync("rsync", ["-a", "--ignore-times", "--delete", `${backup}/`, pair.destination]);
  expect(statSync(pair.destination).ino).toBe(ino);
  expect(pair.differences()).not.toEqual([]);
  expect(await follow()).toBeGreaterThan(0);
  expect(pair.differences()).toEqual([]);
  expect(await follow()).toBe(0);
});
