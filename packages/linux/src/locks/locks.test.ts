import { expect, test } from "vitest";

import { close, open } from "../files/open.ts";
import { O_CREAT, O_RDWR } from "../files/open-flags.ts";
import { lockHolder } from "../testing/lock-holder.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { flock, LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, tryFlock } from "./flock.ts";
import { F_RDLCK, F_UNLCK, F_WRLCK, getLock, setLockWait, trySetLock } from "./record-lock.ts";

test("flock excludes other descriptions of the same process", () => {
  using dir = tempDir();
  const first = open(dir.file("l"), O_RDWR | O_CREAT);
  const second = open(dir.file("l"), O_RDWR);
  flock(first, LOCK_EX);
  expect(tryFlock(second, LOCK_SH)).toBe(false);
  expect(() => flock(second, LOCK_SH | LOCK_NB)).toThrow(expect.objectContaining({ code: "EAGAIN" }));
  flock(first, LOCK_UN);
  expect(tryFlock(second, LOCK_EX)).toBe(true);
  close(first);
  close(second);
});

test("a record lock tells its holder, excludes it by ranges, and goes with a killed process", async () => {
  using dir = tempDir();
  const fd = open(dir.file("l"), O_RDWR | O_CREAT);
  await using holder = await lockHolder(dir.file("l"));
  expect(trySetLock(fd)).toBe(false);
  expect(getLock(fd)).toEqual({ type: F_WRLCK, start: 10, length: 20, pid: holder.pid });
  expect(trySetLock(fd, { type: F_WRLCK, start: 0, length: 10 })).toBe(true);
  expect(trySetLock(fd, { type: F_RDLCK, start: 29, length: 1 })).toBe(false);
  expect(trySetLock(fd, { type: F_RDLCK, start: 30, length: 0 })).toBe(true);

  await holder.kill();
  setLockWait(fd);
  expect(getLock(fd)).toBeUndefined();
  expect(trySetLock(fd, { type: F_UNLCK, start: 0, length: 0 })).toBe(true);
  close(fd);
});

test("locks of descriptions exclude each other inside a process and have no pid", () => {
  using dir = tempDir();
  const first = open(dir.file("l"), O_RDWR | O_CREAT);
  const second = open(dir.file("l"), O_RDWR);
  expect(trySetLock(first, undefined, "description")).toBe(true);
  expect(trySetLock(second, undefined, "description")).toBe(false);
  expect(getLock(second, undefined, "description")).toMatchObject({ type: F_WRLCK, pid: -1 });
  expect(trySetLock(second)).toBe(false);
  close(first);
  setLockWait(second, undefined, "description");
  close(second);
});
