import { describe, expect, test } from "vitest";
import { ObjectLog } from "./object-log.ts";

function example(): ObjectLog {
  const log = new ObjectLog(10n);
  log.append({ tid: 12n, oids: [1n, 2n, 1n] });
  log.append({ tid: 15n, oids: [2n] });
  log.append({ tid: 20n, oids: [1n, 3n] });
  return log;
}

describe("the object log", () => {
  test("tells the last change of an object up to a moment, or the tail when there is none", () => {
    const log = example();
    expect(log.lastRev(1n, 20n)).toEqual({ rev: 20n, exact: true });
    expect(log.lastRev(1n, 19n)).toEqual({ rev: 12n, exact: true });
    expect(log.lastRev(1n, 11n)).toEqual({ rev: 10n, exact: false });
    expect(log.lastRev(2n, 17n)).toEqual({ rev: 15n, exact: true });
    expect(log.lastRev(4n, 20n)).toEqual({ rev: 10n, exact: false });
  });

  test("tells the changes of an object and the commits of a span", () => {
    const log = example();
    expect(log.changesOf(1n, 12n, 20n)).toEqual([20n]);
    expect(log.changesOf(1n, 10n, 20n)).toEqual([12n, 20n]);
    expect(log.commits(12n, 20n).map(({ rev }) => rev)).toEqual([15n, 20n]);
    expect(log.commits(10n, 12n)).toEqual([{ rev: 12n, oids: [1n, 2n] }]);
  });

  test("forgets what is at or before the cut, and never goes back or past head", () => {
    const log = example();
    log.forget(15n);
    expect(log.tail).toBe(15n);
    expect(log.lastRev(2n, 20n)).toEqual({ rev: 15n, exact: false });
    expect(log.lastRev(1n, 20n)).toEqual({ rev: 20n, exact: true });
    log.forget(11n);
    expect(log.tail).toBe(15n);
    log.forget(99n);
    expect([log.tail, log.head]).toEqual([20n, 20n]);
    expect(log.commits(0n, 99n)).toEqual([]);
  });

  test("knows its bounds", () => {
    const log = example();
    expect(() => log.check(9n)).toThrow(expect.objectContaining({ code: "EHISTORY" }));
    expect(() => log.check(21n)).toThrow(expect.objectContaining({ code: "EHISTORY" }));
    log.check(10n);
    log.check(20n);
    expect(() => log.append({ tid: 20n, oids: [] })).toThrow("is not after head");
  });
});
