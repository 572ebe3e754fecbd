import { eventfd, eventfdSignal, eventfdTake, close } from "@belay/linux";
import { ServeLoop } from "@belay/fuse";
import { expect, test } from "vitest";
import { watchPaced } from "./watch-paced.ts";

test("the first call comes at once, those after it with a gap, and none is lost", async () => {
  using loop = new ServeLoop();
  const fd = eventfd();
  const calls: number[] = [];
  const started = performance.now();
  let signalled = Infinity;
  watchPaced(
    loop,
    fd,
    () => 20,
    () => {
      eventfdTake(fd);
      calls.push(performance.now() - started);
      if ((calls.at(-1) ?? 0) >= signalled) loop.after(70, () => loop.stop());
    },
  );
  loop.add({ fd: loop.wakeFd, ended: false, step: () => false });
  // Signals every millisecond for 100 ms, and one after a quiet time.
  const signal = () => {
    eventfdSignal(fd);
    if (performance.now() - started < 100) loop.after(1, signal);
  };
  loop.after(0, signal);
  loop.after(250, () => {
    signalled = performance.now() - started;
    eventfdSignal(fd);
  });
  await loop.run();
  close(fd);
  expect(calls.length).toBeGreaterThan(2);
  expect(calls.length).toBeLessThan(9);
  for (const [i, at] of calls.entries()) if (i > 0) expect(at - (calls[i - 1] ?? 0)).toBeGreaterThan(19);
  expect(calls.at(-1)).toBeGreaterThanOrEqual(signalled);
  expect(calls.at(-2)).toBeLessThan(signalled);
});
