import { inotifyInit1 } from "@belay/linux";
import { expect, test } from "vitest";

import { watchDescriptor } from "./descriptor-source.ts";

test("what fails while somebody drains ends the watching: what was taken from the kernel then is told to nobody", async () => {
  const failure = new Error("no more watches");
  const drain = () => {
    throw failure;
  };
  await using source = watchDescriptor("inotify", inotifyInit1(), drain);
  expect(() => source.drain()).toThrow(failure);
  expect(await Promise.race([source.failed, Promise.resolve("it goes on")])).toBe(failure);
});
