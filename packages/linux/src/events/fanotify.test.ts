import { mkdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";

import fc from "fast-check";
import { expect, test } from "vitest";

import { errnoOf } from "../errno/errno-error.ts";
import { errno } from "../errno/errno-table.ts";
import { nameToHandleAt } from "../files/file-handle.ts";
import { close } from "../files/open.ts";
import { AT_FDCWD } from "../files/open-flags.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { fanotifyInit, fanotifyMark, fanotifyRead, fanotifyReadOf } from "./fanotify.ts";
import { parseFanotifyEvents, type FanotifyEvent } from "./fanotify-event.ts";
import * as fan from "./fanotify-flags.ts";

test("fanotify tells directory handle and name of what changes on a file system", (context) => {
  using dir = tempDir();
  mkdirSync(dir.file("d"));
  const fd = startWatching(dir.path);
  if (fd === undefined) {
    context.skip("no fanotify with names here (needs CAP_SYS_ADMIN and Linux 5.17)");
    return;
  }
  writeFileSync(dir.file("d/made"), "x");
  renameSync(dir.file("d/made"), dir.file("moved"));
  unlinkSync(dir.file("moved"));

  const root = nameToHandleAt(AT_FDCWD, dir.path).handle;
  const sub = nameToHandleAt(AT_FDCWD, dir.file("d")).handle;
  const seen = readAll(fd).filter(({ entry }) => [root, sub].some((directory) => entry?.handle.equals(directory)));
  const told = seen.map(({ mask, entry, oldEntry }) => [mask, entry?.name?.toString(), oldEntry?.name?.toString()]);
  expect(told).toEqual([
    [fan.FAN_CREATE, "made", undefined],
    [fan.FAN_RENAME, "moved", "made"],
    [fan.FAN_DELETE, "moved", undefined],
  ]);
  expect(seen.every((event) => event.pid === process.pid && event.fd === -1)).toBe(true);
  expect(seen[1]?.oldEntry?.handle.equals(sub)).toBe(true);
  expect(readAll(fd).filter(({ entry }) => entry?.handle.equals(root))).toEqual([]);
  close(fd);
});

test("events in directories that do not matter are left out, those that concern one that does are told", (context) => {
  using dir = tempDir();
  for (const name of ["in", "out"]) mkdirSync(dir.file(name));
  const fd = startWatching(dir.path);
  if (fd === undefined) {
    context.skip("no fanotify with names here (needs CAP_SYS_ADMIN and Linux 5.17)");
    return;
  }
  writeFileSync(dir.file("out/a"), "");
  renameSync(dir.file("out/a"), dir.file("in/b"));
  renameSync(dir.file("in/b"), dir.file("out/c"));
  unlinkSync(dir.file("out/c"));
  const { handle } = nameToHandleAt(AT_FDCWD, dir.file("in"));
  const told: unknown[] = [];
  for (;;) {
    const events = fanotifyReadOf(fd, Buffer.alloc(65536), (directory) => directory.equals(handle));
    if (events === undefined) break;
    told.push(...Array.from(events, ({ entry, oldEntry }) => [oldEntry?.name?.toString(), entry?.name?.toString()]));
  }
  expect(told).toEqual([
    ["a", "b"],
    ["b", "c"],
  ]);
  close(fd);
});

test("bytes that are no events do not break the parser", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(250), (bytes, length) => {
      const buffer = Buffer.from(bytes);
      if (buffer.length >= 8) {
        buffer.writeUInt32LE(length, 0);
        buffer.writeUInt16LE(24, 6);
      }
      parseFanotifyEvents(buffer);
    }),
  );
});

/** All that waits: there is what others do on the file system, too. */
function readAll(fd: number): FanotifyEvent[] {
  const all: FanotifyEvent[] = [];
  for (;;) {
    const events = fanotifyRead(fd);
    if (events.length === 0) return all;
    all.push(...events);
  }
}

function startWatching(path: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = fanotifyInit(fan.FAN_REPORT_DFID_NAME);
    const mask = fan.FAN_CREATE | fan.FAN_RENAME | fan.FAN_DELETE | fan.FAN_ONDIR;
    fanotifyMark(fd, fan.FAN_MARK_ADD | fan.FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path);
    return fd;
  } catch (error) {
    if (fd !== undefined) close(fd);
    const number = errnoOf(error);
    if (number !== errno.EPERM && number !== errno.EINVAL && number !== errno.EOPNOTSUPP && number !== errno.ENODEV)
      throw error;
    return undefined;
  }
}
