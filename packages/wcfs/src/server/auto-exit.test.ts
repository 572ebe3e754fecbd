import type { FileSystem } from "@belay/fuse";
import { expect, test } from "vitest";
import { AutoExit } from "./auto-exit.ts";

/** A watch over clients whose time is moved by hand; opening fails when told to. */
function watched() {
  const timers: { at: number; callback: () => void }[] = [];
  let now = 0;
  const idle: number[] = [];
  let isFailing = false;
  const open = () => {
    if (isFailing) throw new Error("on purpose");
  };
  const exit = new AutoExit({
    grace: 10,
    after: (ms, callback) => timers.push({ at: now + ms, callback }),
    onIdle: () => idle.push(now),
  });
  const release = () => {
    throw new Error("on purpose");
  };
  const fileSystem = exit.watch({ open, opendir: open, release, releasedir: () => undefined }) as Record<
    keyof FileSystem,
    () => void
  >;
  return {
    idle,
    fileSystem,
    fail: (failing: boolean) => (isFailing = failing),
    pass: (ms: number) => {
      const until = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.splice(timers.indexOf(next), 1);
        now = next.at;
        next.callback();
      }
      now = until;
    },
  };
}

test("when nobody comes it is idle after the grace, again and again", () => {
  const { idle, pass } = watched();
  pass(35);
  expect(idle).toEqual([10, 20, 30]);
});

test("while anything is open it is not, and the grace begins anew with the last release", () => {
  const { idle, pass, fileSystem, fail } = watched();
  fileSystem.open();
  fileSystem.opendir();
  pass(50);
  fileSystem.releasedir();
  pass(50);
  expect(idle).toEqual([]);
  expect(() => fileSystem.release()).toThrow("on purpose");
  pass(5);
  fileSystem.open();
  expect(() => fileSystem.release()).toThrow("on purpose");
  fail(true);
  expect(() => fileSystem.open()).toThrow("on purpose");
  pass(9);
  expect(idle).toEqual([]);
  pass(1);
  expect(idle).toEqual([115]);
});
