import { afterEach, expect, test, vi } from "vitest";

import type { ChangeFeed } from "../feed/change-feed.ts";
import type { Position } from "../journal/position.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { Suspicion } from "./suspicion.ts";

afterEach(() => vi.useRealTimers());

const at = (offset: number): Position => ({ segment: 1, offset });

function suspicionWith(): {
  suspicion: Suspicion;
  told: () => number;
  moveEnd: (to: Position) => void;
  fail: () => void;
} {
  let [end, count, fails] = [at(1), 0, false];
  const feed = { drain: () => Promise.resolve(end) } as Pick<ChangeFeed, "drain"> as ChangeFeed;
  const tell = () => {
    if (fails) return Promise.reject(new Error("full"));
    count++;
    return Promise.resolve();
  };
  const secondary = { told: tell } as Pick<Secondary, "told"> as Secondary;
  return {
    suspicion: new Suspicion({ feed, secondary }),
    told: () => count,
    moveEnd: (to) => (end = to),
    fail: () => (fails = !fails),
  };
}

test("the destination is told once that nothing is left, when the source has been at rest for a second", async () => {
  vi.useFakeTimers();
  const { suspicion, told } = suspicionWith();
  const rest = (position: Position) => suspicion.noteRest(position, () => true);
  expect(rest(at(0))).toBe(1000);
  await vi.advanceTimersByTimeAsync(600);
  expect(rest(at(1))).toBe(1000); // something has changed
  await vi.advanceTimersByTimeAsync(600);
  expect(rest(at(1))).toBe(400);
  expect(told()).toBe(0);
  await vi.advanceTimersByTimeAsync(400);
  expect([rest(at(1)), rest(at(1))]).toEqual([Infinity, Infinity]);
  await vi.advanceTimersByTimeAsync(0);
  expect(told()).toBe(1);
  suspicion.arise();
  expect(rest(at(1))).toBe(Infinity);
  await vi.advanceTimersByTimeAsync(0);
  expect(told()).toBe(2);
});

test("it is not told while the feed has more, or more is to be done, or when it could not be told", async () => {
  vi.useFakeTimers();
  const { suspicion, told, moveEnd, fail } = suspicionWith();
  let isStill = true;
  const rest = async (position: Position) => {
    suspicion.noteRest(position, () => isStill);
    await vi.advanceTimersByTimeAsync(1000);
    suspicion.noteRest(position, () => isStill);
    await vi.advanceTimersByTimeAsync(0);
    return told();
  };
  moveEnd(at(2));
  expect(await rest(at(1))).toBe(0);
  isStill = false;
  expect(await rest(at(2))).toBe(0);
  isStill = true;
  fail();
  expect(await rest(at(2))).toBe(0);
  fail();
  expect(await rest(at(2))).toBe(1);
});
