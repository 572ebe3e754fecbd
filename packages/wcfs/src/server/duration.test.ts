import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

test.each([
  ["30s", 30_000],
  ["3.0s", 3_000],
  ["1m30s", 90_000],
  ["-1s", -1_000],
  ["+1.5h", 5_400_000],
  ["52.1ms", 52.1],
  ["1us", 0.001],
  ["1µs", 0.001],
  [".5s", 500],
  ["1.s", 1_000],
  ["0", 0],
  ["-0", 0],
])("%s is %d milliseconds", (text, milliseconds) => expect(parseDuration(text)).toBeCloseTo(milliseconds, 9));

test.each(["", "-", "3", "s", ".s", "1 s", "1d", "1s2", "--1s", "1e3s"])("%o is no duration", (text) =>
  expect(parseDuration(text)).toBeUndefined(),
);

test.each([
  [0, "0s"],
  [0.000_001, "1ns"],
  [0.0015, "1.5µs"],
  [52.1, "52.1ms"],
  [1_000, "1s"],
  [60_500, "1m0.5s"],
  [3_600_000, "1h0m0s"],
  [-1_500, "-1.5s"],
  [90_061_000, "25h1m1s"],
])("%d milliseconds are shown as Go shows them", (milliseconds, text) =>
  expect(formatDuration(milliseconds)).toBe(text),
);
