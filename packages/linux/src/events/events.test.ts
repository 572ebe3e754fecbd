import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";

import { expect, test } from "vitest";

import { errno } from "../errno/errno-table.ts";
import { close } from "../files/open.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { eventfd, eventfdSignal, eventfdTake } from "./eventfd.ts";
import * as inotify from "./inotify.ts";
import { poll, POLLIN, POLLNVAL, POLLOUT, pollRaw, PollSet } from "./poll.ts";

test("an eventfd counts, and polls readable while it is not 0", () => {
  const fd = eventfd();
  const set = new PollSet(2);
  expect(set.add(fd, POLLIN)).toBe(0);
  expect(poll(set, 0)).toBe(0);
  eventfdSignal(fd);
  eventfdSignal(fd, 4);
  expect(poll(set, -1)).toBe(1);
  expect(set.revents(0)).toBe(POLLIN);
  expect(eventfdTake(fd)).toBe(5);
  expect(eventfdTake(fd)).toBe(0);
  set.clear();
  set.add(fd, POLLOUT);
  expect(poll(set, 0)).toBe(1);
  close(fd);
});

test("another thread's signal ends a poll that blocks this one", () => {
  const fd = eventfd();
  const url = JSON.stringify(new URL("./eventfd.ts", import.meta.url).href);
  const worker = new Worker(`import(${url}).then((e) => e.eventfdSignal(${fd}))`, { eval: true });
  const set = new PollSet(1);
  set.add(fd, POLLIN);
  expect(poll(set, 20_000)).toBe(1);
  worker.unref();
  close(fd);
});

test("poll tells closed descriptors, and the raw form errors as numbers", () => {
  const set = new PollSet(1);
  set.add(1023, POLLIN);
  expect(poll(set, 0)).toBe(1);
  expect(set.revents(0)).toBe(POLLNVAL);
  expect(pollRaw(set, 0)).toBe(1);
  expect(() => set.add(0, POLLIN)).toThrow(RangeError);
});

test("inotify tells names, renames as pairs and the end of a watch", () => {
  using dir = tempDir();
  const fd = inotify.inotifyInit1();
  const wd = inotify.inotifyAddWatch(
    fd,
    dir.path,
    inotify.IN_CREATE | inotify.IN_MOVED_FROM | inotify.IN_MOVED_TO | inotify.IN_CLOSE_WRITE,
  );
  expect(inotify.inotifyRead(fd)).toEqual([]);
  writeFileSync(dir.file("a"), "x");
  mkdirSync(dir.file("d"));
  renameSync(dir.file("a"), dir.file("a much longer name"));
  const events = inotify.inotifyRead(fd);
  expect(events.map(({ mask, name }) => [mask, name.toString()])).toEqual([
    [inotify.IN_CREATE, "a"],
    [inotify.IN_CLOSE_WRITE, "a"],
    [inotify.IN_CREATE | inotify.IN_ISDIR, "d"],
    [inotify.IN_MOVED_FROM, "a"],
    [inotify.IN_MOVED_TO, "a much longer name"],
  ]);
  expect(events.every((event) => event.wd === wd)).toBe(true);
  expect(events[3]?.cookie).toBe(events[4]?.cookie);
  inotify.inotifyRmWatch(fd, wd);
  expect(inotify.inotifyRead(fd)).toMatchObject([{ wd, mask: inotify.IN_IGNORED }]);
  expect(() => inotify.inotifyRmWatch(fd, wd)).toThrow(expect.objectContaining({ errno: errno.EINVAL }));
  rmSync(dir.file("d"), { recursive: true });
  close(fd);
});

test("a truncated inotify record is left out", () => {
  expect(inotify.parseInotifyEvents(Buffer.alloc(15))).toEqual([]);
  const lying = Buffer.alloc(16);
  lying.writeUInt32LE(100, 12);
  expect(inotify.parseInotifyEvents(lying)).toEqual([]);
});
