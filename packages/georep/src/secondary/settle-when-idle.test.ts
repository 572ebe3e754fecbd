import { setTimeout } from "node:timers/promises";

import { silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import { arrivalsPlace } from "../testing/arrivals-place.ts";
import { SettleWhenIdle } from "./settle-when-idle.ts";

const dir = Buffer.from("dir");

test("what waits is sorted in when nothing is asked for, and that is noted as sure", async () => {
  const { map, arrive } = arrivalsPlace();
  map.begin();
  arrive(dir, "a");
  map.commit();
  using settling = new SettleWhenIdle(map, silentLogger, () => true);
  settling.begin();
  await expect.poll(() => map.fact("sure"), { timeout: 5000 }).toBeDefined();
  expect(map.settleSome(() => undefined)).toBe(false);
});

test("after a batch that was taken back nothing is noted as sure: what it has made may lie there", async () => {
  const { map, arrive } = arrivalsPlace();
  map.begin();
  arrive(dir, "a");
  map.commit();
  let isIdle = false;
  using settling = new SettleWhenIdle(map, silentLogger, () => isIdle);
  settling.begin();
  await setTimeout(300);
  expect(map.fact("sure")).toBeUndefined();
  isIdle = true;
  settling.begin();
  await expect.poll(() => map.fact("sure"), { timeout: 5000 }).toBeDefined();
});
