import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

const none = { entries: 0, directories: 0 };

test("rates are those of the last ten seconds", () => {
  let time = 0;
  const pace = new Pace(() => time);
  for (time = 1000; time <= 20_000; time += 1000) pace.note({ entries: time / 10, bytes: time, directories: 0 });
  time = 20_000;
  expect(pace.look({ entries: 2000, bytes: 20_000, directories: 0 }, none)).toEqual({
    entriesPerSecond: 100,
    bytesPerSecond: 1000,
    etaSeconds: 0,
  });
  time = 60_000;
  expect(pace.look({ entries: 2000, bytes: 20_000, directories: 0 }, none)).toMatchObject({ entriesPerSecond: 0 });
});

test("directories that wait count as those that were compared", () => {
  let time = 0;
  const pace = new Pace(() => time);
  time = 2000;
  const done = { entries: 1000, bytes: 0, directories: 10 };
  expect(pace.look(done, { entries: 0, directories: 5 })).toMatchObject({ entriesPerSecond: 500, etaSeconds: 1 });
  time = 100_000;
  expect(pace.look(done, { entries: 7, directories: 0 }).etaSeconds).toBeUndefined();
});

test("a comparison that finds everything equal has an end, too", () => {
  let time = 0;
  const pace = new Pace(() => time);
  time = 2000;
  const done = { entries: 0, bytes: 0, directories: 100 };
  expect(pace.look(done, { entries: 0, directories: 300 })).toMatchObject({ entriesPerSecond: 0, etaSeconds: 6 });
});
