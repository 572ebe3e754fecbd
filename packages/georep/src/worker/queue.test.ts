import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import { WorkQueue } from "./queue.ts";

afterEach(() => vi.useRealTimers());

const hour = 3_600_000;

test.each([-hour, hour])("a clock that is set by %d ms keeps nothing from being tried again", (jump) => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-queue-"));
  try {
    using queue = new WorkQueue(join(folder, "queue.sqlite"));
    vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ["Date"] });
    const failure = { id: Buffer.from("d"), name: Buffer.from("n"), code: "EACCES", message: "no" };
    queue.record({ failed: [failure] });
    expect(queue.dueRetries(Date.now(), 10)).toEqual([]);
    vi.setSystemTime(Date.now() + jump);
    expect(queue.dueRetries(Date.now(), 10)).toMatchObject([{ code: "EACCES", attempts: 1 }]);
    // And from then on it is as it always is.
    queue.record({ failed: [failure] });
    expect(queue.dueRetries(Date.now(), 10)).toEqual([]);
    expect(queue.nextDue).toBe(Date.now() + 500);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a directory that is queued again while it is compared stays on the queue", () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-queue-"));
  try {
    using queue = new WorkQueue(join(folder, "queue.sqlite"));
    const [one, two] = [Buffer.from("one"), Buffer.from("two")];
    queue.record({ crawl: [one], fresh: [two] });
    const begun = queue.nextCrawls(10);
    expect(begun.map(({ directory, isFresh }) => [String(directory), isFresh])).toEqual([
      ["one", false],
      ["two", true],
    ]);
    queue.record({ crawl: [two] });
    queue.record({ crawled: begun });
    // And what is in it at the destination is not known any more.
    expect(queue.nextCrawls(10)).toMatchObject([{ directory: two, isFresh: false }]);
    queue.record({ crawled: queue.nextCrawls(10), crawl: [one] });
    expect(queue.nextCrawls(10)).toMatchObject([{ directory: one }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("where directories are is kept until they are no more", () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-queue-"));
  try {
    const path = join(folder, "queue.sqlite");
    const place = (id: string, name: string) => ({
      id: Buffer.from(id),
      parent: Buffer.from("p"),
      name: Buffer.from(name),
    });
    {
      using queue = new WorkQueue(path);
      queue.record({ places: [place("one", "a"), place("two", "b")] });
      queue.record({ places: [place("one", "moved")], placesGone: [Buffer.from("two"), Buffer.from("never known")] });
    }
    using queue = new WorkQueue(path);
    expect([...queue.places()]).toEqual([place("one", "moved")]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("that nobody has looked below a name is kept until it was tried again and could be looked at", () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-queue-"));
  try {
    const path = join(folder, "queue.sqlite");
    const place = { directory: Buffer.from("d"), name: Buffer.from("n") };
    const failure = { id: place.directory, name: place.name, code: "E2BIG", message: "no" };
    {
      using queue = new WorkQueue(path);
      queue.record({ failed: [{ ...failure, isUnlooked: true }] });
      queue.record({ failed: [failure] });
    }
    using queue = new WorkQueue(path);
    expect(queue.retries()).toMatchObject([{ ...place, isUnlooked: true, attempts: 2 }]);
    queue.record({ failed: [{ ...failure, isUnlooked: true }], done: [place] });
    expect(queue.waiting(place)).toEqual({ code: "E2BIG", isUnlooked: true });
    queue.record({ failed: [{ ...failure, code: "EPERM" }], done: [place] });
    expect(queue.waiting(place)).toEqual({ code: "EPERM", isUnlooked: false });
    queue.record({ done: [place] });
    expect(queue.waiting(place)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what an earlier version left to be tried again is taken over, and counts as not looked at", () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-queue-"));
  try {
    const path = join(folder, "queue.sqlite");
    {
      using older = new DatabaseSync(path);
      older.exec(`CREATE TABLE retry (
        directory BLOB NOT NULL, name BLOB NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL,
        code TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (directory, name)) WITHOUT ROWID;
        INSERT INTO retry VALUES (x'64', x'6e', 3, 5, 'E2BIG', 'no')`);
    }
    for (let opened = 0; opened < 2; opened++) {
      using queue = new WorkQueue(path);
      expect(queue.dueRetries(Date.now(), 10)).toMatchObject([{ attempts: 3, code: "E2BIG", isUnlooked: true }]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what a batch leaves to a comparison is kept until its end is recorded, and compared when it never is", () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-queue-"));
  try {
    const path = join(folder, "queue.sqlite");
    const [first, second] = [Buffer.from("first"), Buffer.from("second")];
    {
      using queue = new WorkQueue(path);
      queue.owed.note([first]);
      expect(queue.crawlLength).toBe(0);
      queue.record({ finished: 1, crawl: [first] });
      queue.owed.note([second]);
    }
    using queue = new WorkQueue(path);
    queue.owed.collect();
    expect(queue.nextCrawls(10).map(({ directory }) => directory)).toEqual([second, first]);
    queue.owed.collect();
    expect(queue.crawlLength).toBe(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
