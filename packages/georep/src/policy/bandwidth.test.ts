import { expect, test } from "vitest";
import { parseBandwidth } from "./bandwidth.ts";

const mebi = 1024 * 1024;
// 2026-11-30 is a Monday.
const at = (day: number, time: string): Date => new Date(`2026-11-${String(day)}T${time}:00`);

test.each([
  ["10M", 10 * mebi],
  ["512k", 512 * 1024],
  ["1.5G", 1.5 * 1024 * mebi],
  ["2048", 2048],
  ["10MiB", 10 * mebi],
  ["unlimited", undefined],
  ["", undefined],
])("%j is one rate for all times", (text, rate) => {
  expect(parseBandwidth(text)(new Date())).toBe(rate);
});

test("the first span that holds decides, then other, then nothing", () => {
  const table = parseBandwidth("08:00-18:00=2M,12:00-20:00=3M,other=unlimited");
  expect(["07:59", "08:00", "17:59", "18:00", "20:00"].map((time) => table(at(30, time)))).toEqual([
    undefined,
    2 * mebi,
    2 * mebi,
    3 * mebi,
    undefined,
  ]);
  expect(parseBandwidth("08:00-18:00=2M, other=1K")(at(30, "03:00"))).toBe(1024);
});

test("days restrict a span, and one over midnight belongs to the day it begins on", () => {
  const table = parseBandwidth("mon-fri 22:00-06:00=1M, sat+sun 00:00-24:00=5M, other=9M");
  expect(table(at(30, "23:00"))).toBe(mebi);
  expect(table(at(30, "05:00"))).toBe(9 * mebi); // begun on Sunday
  expect(table(at(28, "05:00"))).toBe(mebi); // Saturday, begun on Friday
  expect(table(at(28, "06:00"))).toBe(5 * mebi);
  expect(table(at(29, "23:59"))).toBe(5 * mebi);
});

test.each([
  "fast",
  "10X",
  "10",
  "-5M",
  "08:00=2M",
  "8-18=2M",
  "25:00-26:00=1M",
  "funday 08:00-09:00=1M",
  "a=b=c",
  "08:00-08:00=1M",
  ",",
  "mon-fri=2M",
])("%j is refused with a hint", (text) => {
  expect(() => parseBandwidth(text)).toThrow(/not a limit of bandwidth/);
});
