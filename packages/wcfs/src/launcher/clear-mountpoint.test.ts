import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLockPath, takeStartLock } from "@belay/supervise";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clearMountpoint } from "./clear-mountpoint.ts";

let root: string;
let mountpoint: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "belay-test-"));
  mountpoint = join(root, "mnt");
  mkdirSync(mountpoint);
});
afterEach(() => rmSync(root, { recursive: true }));

const left = () => [mountpoint, startLockPath(mountpoint)].map((path) => existsSync(path));

test("a mountpoint that nobody uses goes, and its lock with it", async () => {
  (await takeStartLock(mountpoint))[Symbol.dispose]();
  await clearMountpoint(mountpoint);
  expect(left()).toEqual([false, false]);
});

test("what somebody holds who is about to start a server stays", async () => {
  using _held = await takeStartLock(mountpoint);
  await clearMountpoint(mountpoint);
  expect(left()).toEqual([true, true]);
});

test("a mountpoint that is not empty stays, and so does its lock", async () => {
  writeFileSync(join(mountpoint, "file"), "");
  (await takeStartLock(mountpoint))[Symbol.dispose]();
  await clearMountpoint(mountpoint);
  expect(left()).toEqual([true, true]);
});

test("where nothing is, nothing is left", async () => {
  rmSync(root, { recursive: true });
  await clearMountpoint(mountpoint);
  mkdirSync(root);
  await clearMountpoint(mountpoint);
  expect(left()).toEqual([false, false]);
});

test("whoever waits for the lock has one that counts when the mountpoint is cleared meanwhile", async () => {
  const held = await takeStartLock(mountpoint);
  const waiting = takeStartLock(mountpoint);
  held[Symbol.dispose]();
  await clearMountpoint(mountpoint);
  using next = await waiting;
  expect(existsSync(next.path)).toBe(true);
  await expect(takeStartLock(mountpoint, { wait: false })).rejects.toMatchObject({ code: "ELOCKED" });
});
