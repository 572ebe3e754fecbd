import { expect, test } from "vitest";
import { Sequences } from "./sequences.ts";

test("tasks of one key follow one another, others do not wait", () => {
  const sequences = new Sequences<string>();
  const log: string[] = [];
  const finish: (() => void)[] = [];
  const start = (key: string, name: string) =>
    sequences.run(key, (finished) => {
      log.push(name);
      finish.push(finished);
    });
  start("a", "a1");
  start("a", "a2");
  start("b", "b1");
  expect(log).toEqual(["a1", "b1"]);
  finish[0]?.();
  expect(log).toEqual(["a1", "b1", "a2"]);
  start("a", "a3");
  finish[2]?.();
  finish[3]?.();
  start("a", "a4");
  expect(log).toEqual(["a1", "b1", "a2", "a3", "a4"]);
});

test("any number of tasks that finish at once may wait", () => {
  const sequences = new Sequences<number>();
  let done = 0;
  let release: () => void = () => undefined;
  sequences.run(1, (finished) => (release = finished));
  for (let task = 0; task < 100_000; task++) {
    sequences.run(1, (finished) => {
      done++;
      finished();
    });
  }
  release();
  expect(done).toBe(100_000);
  sequences.run(1, (finished) => {
    done++;
    finished();
  });
  expect(done).toBe(100_001);
});
