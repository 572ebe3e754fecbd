import fc from "fast-check";
import { expect, test } from "vitest";
import { havePython, pythonJson } from "../testing/python.ts";
import { formatTid, newTid, parseTid, tidFromBytes, tidFromUnixNs, tidToBytes, tidToUnixNs } from "./tid.ts";

test("a tid is the time of its transaction", () => {
  const ns = tidToUnixNs(0x040d29191fd32accn);
  expect(new Date(Number(ns / 1_000_000n)).toISOString()).toBe("2026-11-21T07:53:07.458Z");
  expect(Number(ns % 1_000_000_000n)).toBeCloseTo(458_954_000, -3);
});

test("the time of a tid gives the same tid again", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("1900-01-01"), max: new Date("2900-01-01"), noInvalidDate: true }),
      fc.nat(999_999),
      (date, ns) => {
        const tid = tidFromUnixNs(BigInt(date.getTime()) * 1_000_000n + BigInt(ns));
        expect(tidFromUnixNs(tidToUnixNs(tid))).toBe(tid);
      },
    ),
  );
});

test("later times give larger tids", () => {
  const times = fc.date({ min: new Date("1950-01-01"), max: new Date("2900-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(times, times, (a, b) => {
      const [ta, tb] = [
        tidFromUnixNs(BigInt(a.getTime()) * 1_000_000n),
        tidFromUnixNs(BigInt(b.getTime()) * 1_000_000n),
      ];
      expect(Math.sign(Number(ta - tb))).toBe(Math.sign(a.getTime() - b.getTime()));
    }),
  );
});

test("a new tid is past the last one, even when the database is ahead of the clock", () => {
  const now = 1_795_247_587_000_000_000n;
  expect(newTid(0n, now)).toBe(tidFromUnixNs(now));
  const future = tidFromUnixNs(now) + 12345n;
  expect(newTid(future, now)).toBe(future + 1n);
});

test("text and bytes give the tid back", () => {
  expect(formatTid(parseTid("0285cbac3851eb99"))).toBe("0285cbac3851eb99");
  expect(tidFromBytes(tidToBytes(0x0285cbac3851eb99n))).toBe(0x0285cbac3851eb99n);
  for (const bad of ["", "285cbac3851eb99", "0x85cbac3851eb99", "0285cbac3851eb99 "]) {
    expect(() => parseTid(bad)).toThrow(expect.objectContaining({ code: "EFORMAT" }));
  }
});

test.runIf(havePython)("Python's TimeStamp agrees", () => {
  const times = [0, 1, 951782399.999, 951782400, 1795247587.458954, 4102444799.5].map((s) =>
    BigInt(Math.round(s * 1e9)),
  );
  const tids = times.map(tidFromUnixNs);
  const seconds = pythonJson(
    "import sys, json; from persistent.TimeStamp import TimeStamp\n" +
      "print(json.dumps([TimeStamp(bytes.fromhex(h)).timeTime() for h in json.load(sys.stdin)]))",
    { input: JSON.stringify(tids.map(formatTid)) },
  ) as number[];
  for (const [i, ns] of times.entries()) expect(seconds[i]).toBeCloseTo(Number(ns) / 1e9, 6);
});
