import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { setTimeout } from "node:timers/promises";

import { close, eventfd, eventfdSignal, eventfdTake } from "@belay/linux";
import { expect, test } from "vitest";

import { ServeLoop, type LoopSource } from "./serve-loop.ts";
import { Timers } from "./timers.ts";

interface IdleSource extends LoopSource {
  ended: boolean;
  steps: number;
  step: () => boolean;
}

/** Something to serve that never has anything to do, so that the loop goes on. */
function idleSource(): IdleSource {
  return { fd: -1, ended: false, steps: 0, step: () => false };
}

test("timers run in the order they are due, and not when they were taken back", async () => {
  using loop = new ServeLoop();
  const source = idleSource();
  loop.add(source);
  const ran: string[] = [];
  loop.after(20, () => {
    ran.push("last");
    source.ended = true;
  });
  const cancelled = loop.after(1, () => ran.push("never"));
  for (const delay of [9, 3, 6]) loop.after(delay, () => ran.push(String(delay)));
  cancelled.cancel();
  const started = performance.now();
  await loop.run();
  expect(ran).toEqual(["3", "6", "9", "last"]);
  expect(performance.now() - started).toBeGreaterThanOrEqual(20);
});

test("a heap of many timers gives them back sorted", () => {
  const timers = new Timers();
  const ran: number[] = [];
  // 7919 and 503 have no common divisor: each number below 503 comes once.
  for (let index = 0; index < 503; index++) {
    const due = (index * 7919) % 503;
    const timer = timers.add(due, () => ran.push(due));
    if (due % 3 === 0) timer.cancel();
  }
  expect(timers.takeDue(0)).toBeUndefined();
  for (let due = timers.takeDue(1000); due; due = timers.takeDue(1000)) due();
  expect(ran).toEqual(Array.from({ length: 503 }, (_, due) => due).filter((due) => due % 3 !== 0));
  expect(timers.next).toBe(Infinity);
});

test("a watched descriptor calls back while it is ready, until it is let go", async () => {
  using loop = new ServeLoop();
  const source = idleSource();
  loop.add(source);
  const fd = eventfd();
  let calls = 0;
  const watch = loop.watch(fd, () => {
    if (++calls === 3) {
      eventfdTake(fd);
      watch.stop();
      loop.after(30, () => loop.stop());
    }
  });
  eventfdSignal(fd);
  await loop.run();
  expect(calls).toBe(3);
  close(fd);
});

test("another thread wakes a sleeping loop at once, and its message is there", async () => {
  using loop = new ServeLoop({ idle: 10_000 });
  loop.add(idleSource());
  const { port1, port2 } = new MessageChannel();
  const linux = JSON.stringify(import.meta.resolve("@belay/linux"));
  const code = `
    const { workerData } = require("node:worker_threads");
    workerData.port.postMessage("hello");
    import(${linux}).then(({ eventfdSignal }) => eventfdSignal(workerData.wakeFd));`;
  const worker = new Worker(code, {
    eval: true,
    workerData: { port: port2, wakeFd: loop.wakeFd },
    transferList: [port2],
  });
  let received: unknown;
  loop.onWake(() => {
    received = receiveMessageOnPort(port1);
    loop.stop();
  });
  const started = performance.now();
  await new Promise((resolve) => worker.once("online", resolve));
  await loop.run();
  expect(received).toEqual({ message: "hello" });
  expect(performance.now() - started).toBeLessThan(9000);
  await worker.terminate();
  port1.close();
});

test("promises of Node's event loop move on while they are tracked", async () => {
  using loop = new ServeLoop({ idle: 10_000 });
  loop.add(idleSource());
  const work = (async () => {
    for (let step = 0; step < 5; step++) await setTimeout(1);
    loop.stop();
  })();
  loop.track(work);
  const started = performance.now();
  await loop.run();
  expect(performance.now() - started).toBeLessThan(5000);
  await work;
  expect(loop.pendingAsync).toBe(0);
});

test("a busy source does not starve watches, timers and the event loop", async () => {
  using loop = new ServeLoop({ turn: 5 });
  const source = idleSource();
  source.step = () => {
    source.steps++;
    return true;
  };
  loop.add(source);
  const seen = { watch: 0, timer: 0, eventLoop: 0 };
  const fd = eventfd(1);
  loop.watch(fd, () => seen.watch++);
  loop.after(5, () => seen.timer++);
  globalThis.setTimeout(() => {
    seen.eventLoop++;
    loop.stop();
  }, 20);
  await loop.run();
  expect(seen.watch).toBeGreaterThan(0);
  expect(seen).toMatchObject({ timer: 1, eventLoop: 1 });
  expect(source.steps).toBeGreaterThan(100);
  close(fd);
});

test("exceptions in callbacks are told, and the loop goes on", async () => {
  const errors: unknown[] = [];
  using loop = new ServeLoop({ onError: (error) => errors.push(error) });
  loop.add(idleSource());
  loop.after(0, () => {
    throw new Error("in a timer");
  });
  loop.onWake(() => {
    throw new Error("after a wake");
  });
  loop.after(5, () => {
    loop.wake();
    loop.after(20, () => loop.stop());
  });
  await loop.run();
  expect(errors.map(String)).toEqual(["Error: in a timer", "Error: after a wake"]);
});

test("a worker whose loop sleeps can be terminated", async () => {
  const url = JSON.stringify(new URL("./serve-loop.ts", import.meta.url).href);
  const code = `
    import(${url}).then(({ ServeLoop }) => {
      const loop = new ServeLoop();
      loop.add({ fd: -1, ended: false, step: () => false });
      require("node:worker_threads").parentPort.postMessage("running");
      return loop.run();
    });`;
  const worker = new Worker(code, { eval: true });
  await new Promise((resolve) => worker.once("message", resolve));
  await setTimeout(50);
  const started = performance.now();
  await worker.terminate();
  expect(performance.now() - started).toBeLessThan(5000);
});
