import { silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import { faultError } from "./fault.ts";
import { startMonitor, type MonitoredWork, type MonitorStatus } from "./monitor.ts";

const fault = () => faultError({ reason: "killed", code: "EWORKER", message: "the worker was killed by SIGKILL" });

/** Waits that a monitor makes between workers, in milliseconds, as its status tells them. */
async function waits(start: () => Promise<MonitoredWork>, count: number): Promise<number[]> {
  const seen: number[] = [];
  const enough = Promise.withResolvers<undefined>();
  const onStatus = ({ nextStart }: MonitorStatus) => {
    if (nextStart !== undefined) seen.push(nextStart - Date.now());
    if (seen.length === count) enough.resolve(undefined);
  };
  const times = { backOffMs: 10, mostBackOffMs: 160, connectedBackOffMs: 40 };
  await using _monitor = await startMonitor({ start, logger: silentLogger, onStatus, ...times });
  await enough.promise;
  return seen;
}

test("a worker that cannot be started is waited for longer and longer", async () => {
  const seen = await waits(() => Promise.reject(fault()), 6);
  expect(seen[5]).toBeGreaterThan(120);
});

test("one that is killed again and again while it works is soon there again, and let go of each time", async () => {
  let disposed = 0;
  const work = () => ({
    ended: Promise.reject(fault()),
    [Symbol.asyncDispose]: () => {
      disposed++;
      return Promise.resolve();
    },
  });
  const seen = await waits(() => Promise.resolve(work()), 6);
  expect(Math.max(...seen)).toBeLessThanOrEqual(40);
  expect(disposed).toBeGreaterThanOrEqual(5);
});
