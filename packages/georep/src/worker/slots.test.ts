import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { Slots } from "./slots.ts";

test("no more at once than may be, whoever wants it; the others come in their turn", async () => {
  const slots = new Slots(3);
  let [now, most] = [0, 0];
  const seen: number[] = [];
  const work = async (item: number) => {
    most = Math.max(most, ++now);
    await sleep(item % 2 === 0 ? 4 : 1);
    now--;
    seen.push(item);
  };
  await Promise.all([slots.each([1, 2, 3, 4, 5], work), slots.each([6, 7, 8, 9, 10], work)]);
  expect(most).toBe(3);
  expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("an error is told when what had begun is over, and nothing more begins", async () => {
  const slots = new Slots(2);
  const ended: number[] = [];
  const work = async (item: number) => {
    await sleep(item);
    if (item === 1) throw new Error("one");
    ended.push(item);
  };
  await expect(slots.each([20, 1, 5, 6], work)).rejects.toThrow("one");
  expect(ended).toEqual([20]);
  await slots.each([2], work);
  expect(ended).toEqual([20, 2]);
});
