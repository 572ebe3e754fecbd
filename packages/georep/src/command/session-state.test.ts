import { expect, test } from "vitest";

import { freshBrickStatus } from "../status/brick-status.ts";
import type { ExtraMonitor } from "../status/extra-status.ts";
import { hintOf, lastErrorOf, stateOf } from "./session-state.ts";

const fault = { reason: "secondary", lastError: "EROFS: read-only file system\n    at somewhere" } as const;

function told(state: ExtraMonitor["state"], word: string, why: Partial<ExtraMonitor> = fault) {
  const monitor = { pid: 1, updatedAt: 0, restarts: 1, state, ...why };
  const brick = { ...freshBrickStatus, worker_status: word };
  return stateOf({ monitor: "Started", alive: true, brick, extra: { monitor }, live: undefined });
}

test("a worker that starts again does not let forget why the last one ended, whichever of the files is written first", () => {
  const text = "secondary: EROFS: read-only file system";
  const again = { state: "starting", why: `again, as the last worker ended: ${text}` };
  expect(told("faulty", "Initializing...")).toEqual(again);
  expect(told("faulty", "Faulty")).toEqual({ state: "faulty", why: text });
  expect(told("starting", "Faulty")).toEqual({ state: "faulty", why: text });
  expect(told("starting", "Initializing...")).toEqual(again);
});

test("a first start, and one that is connected, have nothing to explain", () => {
  const plain = { state: "starting", why: undefined };
  expect(told("starting", "Initializing...", {})).toEqual(plain);
  expect(told("running", "Initializing...")).toEqual(plain);
  expect(told("ended", "Initializing...")).toEqual(plain);
  expect(told("running", "Active")).toEqual({ state: "active", why: undefined });
});

test("what may be done is told with the reason, and no longer where a worker works", () => {
  const monitor = { pid: 1, updatedAt: 0, restarts: 1, state: "faulty", hint: "mount it", ...fault } as const;
  expect(hintOf({ state: "faulty", why: "x" }, monitor)).toBe("mount it");
  expect(hintOf({ state: "starting", why: undefined }, monitor)).toBeUndefined();
  expect(hintOf({ state: "active", why: undefined }, monitor)).toBeUndefined();
});

const none = { lagSeconds: 0, crawlQueue: 0, compared: 0, verifyQueue: 0, entriesPerSecond: 0, bytesPerSecond: 0 };
const counts = { retryQueue: 1, pending: 1, entries: 0, bytes: 0, failures: 1 };

test("the last error is the worker's where one works, and why it ended where none does", () => {
  const worker = { ...none, ...counts, state: "active", lastError: '"f": ENOSPC: full' } as const;
  const monitor = { pid: 1, updatedAt: 0, restarts: 1, state: "starting", ...fault } as const;
  expect(lastErrorOf("active", worker, monitor)?.text).toBe('"f": ENOSPC: full');
  for (const state of ["starting", "faulty"] as const)
    expect(lastErrorOf(state, worker, monitor)?.text).toBe("EROFS: read-only file system");
  expect(lastErrorOf("starting", worker, undefined)?.text).toBe('"f": ENOSPC: full');
});

test("the last error is the later one, where it is known when they came", () => {
  const worker = { ...none, ...counts, state: "active", lastError: "EACCES: f", lastErrorAt: 1000 } as const;
  const monitor = { pid: 1, updatedAt: 9000, restarts: 1, state: "starting", ...fault } as const;
  const died = { text: "EROFS: read-only file system", at: 2000 };
  for (const state of ["stopped", "active", "starting"] as const)
    expect(lastErrorOf(state, worker, { ...monitor, lastErrorAt: 2000 })).toEqual(died);
  for (const state of ["stopped", "active", "starting"] as const)
    expect(lastErrorOf(state, worker, { ...monitor, lastErrorAt: 500 })).toEqual({ text: "EACCES: f", at: 1000 });
  expect(lastErrorOf("active", worker, monitor)).toEqual({ text: "EACCES: f", at: 1000 });
});
