import { expect, test } from "vitest";
import { CommitRate } from "./commit-rate.ts";

function after(commits: number, gap: number): { rate: CommitRate; now: number } {
  const rate = new CommitRate();
  for (let i = 0; i < commits; i++) rate.note(1, i * gap);
  return { rate, now: (commits - 1) * gap };
}

test("a thousand commits a second are many, and no longer half a second after the last", () => {
  const { rate, now } = after(1000, 1);
  expect(rate.isHigh(now)).toBe(true);
  expect(rate.isHigh(now + 500)).toBe(false);
});

test("commits that come one at a time never are, nor are a few at once", () => {
  const { rate, now } = after(1000, 10);
  expect(rate.isHigh(now)).toBe(false);
  rate.note(8, now);
  expect(rate.isHigh(now)).toBe(false);
});

test("there are none before the first", () => {
  expect(new CommitRate().isHigh(0)).toBe(false);
});
