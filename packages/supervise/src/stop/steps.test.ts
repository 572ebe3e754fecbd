import { expect, test } from "vitest";
import { sleep } from "../deadline/sleep.ts";
import { createSharedTime, createSteps } from "./steps.ts";

test("a step gets its share of the time, never more than what is left of all, and a moment when nothing is", async () => {
  using time = createSharedTime(400, undefined);
  expect(time.limitMs(0.2)).toBeCloseTo(80, 5);
  await sleep(300);
  expect(time.limitMs(0.2)).toBeLessThanOrEqual(80);
  expect(time.limitMs(0.9)).toBeLessThan(110);
  await sleep(120);
  expect(time.limitMs(0.9)).toBe(100);
});

test("every step runs, and the last failure is told in the end", async () => {
  const ran: number[] = [];
  const steps = createSteps();
  await steps.run(() => void ran.push(1));
  await steps.run(() => Promise.reject(new Error("first")));
  await steps.run(() => {
    ran.push(2);
    throw new Error("second");
  });
  expect(await steps.run(() => ran.push(3))).toBe(3);
  expect(ran).toEqual([1, 2, 3]);
  expect(() => steps.finish()).toThrow("second");
});
