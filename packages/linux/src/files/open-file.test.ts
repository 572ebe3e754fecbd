import { closeSync, fstatSync, linkSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { errno } from "../errno/errno-table.ts";
import { FixedMemory } from "../memory/fixed-memory.ts";
import { longestHandle, nameToHandleAt, putHandle } from "./file-handle.ts";
import { inodeAndBtimeBytes, lookAtFile, lookAtPath, looked, setMtime, timeAt, timeBytes } from "./open-file.ts";
import { AT_EMPTY_PATH } from "./open-flags.ts";
import { statx } from "./statx.ts";

function timeOf(seconds: bigint, nanoseconds: number): Buffer {
  const bytes = Buffer.alloc(timeBytes);
  bytes.writeBigInt64LE(seconds);
  bytes.writeUInt32LE(nanoseconds, 8);
  return bytes;
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const [earliest, latest] = [-(2n ** 63n), 2n ** 63n - 1n];

test.each([
  [0n, 0, 0n],
  [-1n, 999_999_999, -1n],
  [1_700_000_000n, 123_456_789, 1_700_000_000_123_456_789n],
  [9_223_372_035n, 999_999_999, 9_223_372_035_999_999_999n],
  [-9_223_372_035n, 1, -9_223_372_034_999_999_999n],
  [2n ** 34n, 5, latest],
  [2n ** 63n - 1n, 0, latest],
  [-(2n ** 34n), 5, earliest],
  [-(2n ** 63n), 0, earliest],
])("%d s and %d ns are %d ns since 1970", (seconds, nanoseconds, expected) => {
  expect(timeAt(viewOf(timeOf(seconds, nanoseconds)), 0)).toBe(expected);
});

test.each([
  ["now", 1_700_000_000n, 1_700_000_000_000_000_001n],
  ["before 1970", -5n, -4_999_999_999n],
  ["in the year 2300", 10_413_792_000n, latest],
])("an mtime %s is set, and told by all who look at it", (_, seconds, expected) => {
  const base = mkdtempSync(join(tmpdir(), "belay-test-open-file-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const fd = openSync(join(base, "f"), "w");
  try {
    expect(setMtime(fd, timeOf(seconds, 1), 0)).toBe(0);
    expect(lookAtFile(fd)).toBe(0);
    const told = Buffer.alloc(timeBytes);
    looked.putMtime(told, 0);
    expect(told).toEqual(timeOf(seconds, 1));
    expect(statx(fd, "", AT_EMPTY_PATH).mtime).toBe(expected);
  } finally {
    closeSync(fd);
  }
});

test("an open file is told as fstat tells it, and by the same handle as by its name", () => {
  const base = mkdtempSync(join(tmpdir(), "belay-test-open-file-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  writeFileSync(join(base, "f"), "12345");
  linkSync(join(base, "f"), join(base, "g"));
  const fd = openSync(join(base, "f"), "r");
  try {
    const { mode, uid, gid, nlink, size, ctimeMs } = fstatSync(fd);
    expect(lookAtFile(fd)).toBe(0);
    expect(looked).toMatchObject({ mode, uid, gid, nlink, size });
    expect(looked.ctimeSeconds).toBeCloseTo(ctimeMs / 1000, 3);
    const { ino, btime } = statx(fd, "", AT_EMPTY_PATH);
    const origin = Buffer.alloc(inodeAndBtimeBytes);
    looked.putInodeAndBtime(origin, 0);
    expect([origin.readBigUInt64LE(), timeAt(viewOf(origin), 8)]).toEqual([ino, btime]);
    const { handle } = nameToHandleAt(fd, "", AT_EMPTY_PATH);
    const told = new FixedMemory(longestHandle + 5);
    expect(putHandle(fd, told, 5)).toBe(handle.length);
    expect(told.bytes.subarray(5, 5 + handle.length)).toEqual(handle);
    expect(() => putHandle(fd, told, 6)).toThrow(RangeError);
  } finally {
    closeSync(fd);
  }
  expect(lookAtFile(fd)).toBeLessThan(0);
  expect(putHandle(fd, new FixedMemory(longestHandle), 0)).toBeLessThan(0);
});

test("a path is looked at itself, and is what an open file is, or another or nothing", () => {
  const base = mkdtempSync(join(tmpdir(), "belay-test-open-file-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  writeFileSync(join(base, "f"), "12345");
  writeFileSync(join(base, "g"), "12345");
  linkSync(join(base, "f"), join(base, "h"));
  symlinkSync("f", join(base, "link"));
  const look = (name: string) => {
    const path = new FixedMemory(200);
    path.bytes.write(join(base, name));
    return lookAtPath(path);
  };
  const identityOf = (name: string) => (look(name) === 0 ? looked.identity : undefined);
  const fd = openSync(join(base, "f"), "r");
  expect(lookAtFile(fd)).toBe(0);
  const { identity } = looked;
  closeSync(fd);
  expect(identity).toMatch(/^\d+(:\d+){5}$/);
  expect([identityOf("f"), identityOf("h")]).toEqual([identity, identity]);
  for (const other of ["g", "link", "."]) expect([identity, undefined]).not.toContain(identityOf(other));
  expect(look("none")).toBe(-errno.ENOENT);
});
