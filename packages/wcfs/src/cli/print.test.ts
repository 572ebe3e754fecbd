import { parseTid } from "@belay/zodb";
import { expect, test } from "vitest";
import { formatRanges, oneLine, tidTime } from "./print.ts";

test("runs of blocks are drawn together", () => {
  expect(formatRanges([])).toBe("");
  expect(formatRanges([5])).toBe("5");
  expect(formatRanges([0, 1, 2, 3, 7, 9, 10])).toBe("0-3,7,9-10");
});

test("text of a database stays on its line and does not steer the terminal", () => {
  expect(oneLine("a\nb\u001b[31m\u009b\u2028ü")).toBe("a\\nb\\u001b[31m\\u009b\\u2028ü");
});

test("a transaction's time is told to the microsecond", () => {
  expect(tidTime(parseTid("040d29191fd32acc"))).toBe("2026-11-21T07:53:07.458954Z");
});
