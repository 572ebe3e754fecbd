import { readFileSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { errno } from "../errno/errno-table.ts";
import { addressOf } from "../memory/mapping.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { duplicate, getStatusFlags, setCloseOnExec, setNonBlocking, setPipeSize } from "./descriptor-flags.ts";
import * as io from "./io.ts";
import { close, closeRaw, dup3, open, openat } from "./open.ts";
import { O_APPEND, O_CREAT, O_DIRECTORY, O_NONBLOCK, O_RDONLY, O_RDWR, O_TMPFILE, O_TRUNC } from "./open-flags.ts";
import { IoVector, readv, writev, writevRaw } from "./vector-io.ts";

test("what is written can be read, at the position and at offsets", () => {
  using dir = tempDir();
  const fd = open(dir.file("a"), O_RDWR | O_CREAT | O_TRUNC, 0o600);
  expect(io.write(fd, Buffer.from("hello world"))).toBe(11);
  expect(io.pwrite(fd, Buffer.from("W"), 6)).toBe(1);
  const bytes = Buffer.alloc(20);
  expect(io.pread(fd, bytes, 0)).toBe(11);
  expect(bytes.toString("utf8", 0, 11)).toBe("hello World");
  expect(io.read(fd, bytes)).toBe(0);
  expect(io.lseek(fd, 6, io.SEEK_SET)).toBe(6);
  expect(io.read(fd, bytes)).toBe(5);
  io.fsync(fd);
  io.fdatasync(fd);
  io.syncfs(fd);
  io.startWriting(fd);
  close(fd);
});

test("offsets beyond 4 GiB are exact", () => {
  using dir = tempDir();
  const fd = open(dir.file("sparse"), O_RDWR | O_CREAT, 0o600);
  const offset = 5 * 2 ** 32 + 7;
  io.pwrite(fd, Buffer.from("x"), offset);
  const byte = Buffer.alloc(1);
  expect(io.pread(fd, byte, BigInt(offset))).toBe(1);
  expect(byte.toString()).toBe("x");
  expect(io.lseek(fd, 0, io.SEEK_DATA)).toBeGreaterThan(2 ** 32);
  expect(io.lseek(fd, 0, io.SEEK_HOLE)).toBe(0);
  io.ftruncate(fd, 3);
  expect(io.lseek(fd, 0, io.SEEK_END)).toBe(3);
  io.fallocate(fd, 0, 0, 10_000);
  expect(io.lseek(fd, 0, io.SEEK_END)).toBe(10_000);
  close(fd);
});

test("the raw forms return the negated errno and never throw", () => {
  const bytes = Buffer.alloc(8);
  expect(io.readRaw(-1, bytes, 8)).toBe(-errno.EBADF);
  expect(io.writeRaw(-1, bytes, 8)).toBe(-errno.EBADF);
  expect(io.preadRaw(-1, bytes, 8, 0)).toBe(-errno.EBADF);
  expect(io.pwriteRaw(-1, bytes, 8, 0)).toBe(-errno.EBADF);
  expect(writevRaw(-1, new IoVector(1))).toBe(-errno.EBADF);
  expect(closeRaw(-1)).toBe(-errno.EBADF);
});

test("shared memory is filled in place", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(16), 4, 8);
  const fd = open("/dev/zero", O_RDONLY);
  shared.fill(9);
  expect(io.readRaw(fd, shared, 4)).toBe(4);
  expect([...shared]).toEqual([0, 0, 0, 0, 9, 9, 9, 9]);
  close(fd);
});

test("pieces are written and read as one", () => {
  using dir = tempDir();
  const fd = open(dir.file("v"), O_RDWR | O_CREAT, 0o600);
  expect(writev(fd, [Buffer.from("one "), Buffer.from("two")])).toBe(7);
  io.lseek(fd, 0, io.SEEK_SET);
  const first = Buffer.alloc(2);
  const second = Buffer.alloc(10);
  expect(readv(fd, [first, second])).toBe(7);
  expect(first.toString() + second.toString("utf8", 0, 5)).toBe("one two");
  const vector = new IoVector(1);
  vector.add(first);
  expect(() => vector.add(second)).toThrow(RangeError);
  vector.clear();
  const memory = Buffer.from("by its address");
  vector.addAddress(addressOf(memory) + 3, 3);
  expect([vector.count, vector.room, vector.byteLength]).toEqual([1, 0, 3]);
  io.lseek(fd, 0, io.SEEK_SET);
  expect(writevRaw(fd, vector)).toBe(3);
  expect(io.pread(fd, first, 0) && first.toString()).toBe("it");
  close(fd);
});

test("copy_file_range copies between files without moving their positions", () => {
  using dir = tempDir();
  writeFileSync(dir.file("from"), "0123456789");
  const from = open(dir.file("from"), O_RDONLY);
  const to = open(dir.file("to"), O_RDWR | O_CREAT, 0o600);
  expect(io.copyFileRange(from, 2, to, 1, 5)).toBe(5);
  expect(io.lseek(from, 0, io.SEEK_CUR)).toBe(0);
  expect(readFileSync(dir.file("to"), "latin1")).toBe("\x0023456");
  close(from);
  close(to);
});

test("openat starts at a directory, and a file without name goes with its descriptor", () => {
  using dir = tempDir();
  writeFileSync(dir.file("inside"), "x");
  const directory = open(dir.path, O_RDONLY | O_DIRECTORY);
  const inside = openat(directory, "inside", O_RDONLY);
  const nameless = open(dir.path, O_TMPFILE | O_RDWR, 0o600);
  expect(io.write(nameless, Buffer.from("gone"))).toBe(4);
  for (const fd of [directory, inside, nameless]) close(fd);
  expect(closeRaw(inside)).toBe(-errno.EBADF);
});

test("a path with a NUL inside is refused", () => {
  expect(() => open("/tmp/a\0b", O_RDONLY)).toThrow(expect.objectContaining({ code: "EINVAL" }));
});

test("descriptors are copied and their flags change", () => {
  using dir = tempDir();
  const fd = open(dir.file("f"), O_RDWR | O_CREAT | O_APPEND, 0o600);
  const copy = duplicate(fd, 200);
  expect(copy).toBeGreaterThanOrEqual(200);
  expect(dup3(fd, copy)).toBe(copy);
  setNonBlocking(copy, true);
  expect(getStatusFlags(fd) & (O_NONBLOCK | O_APPEND)).toBe(O_NONBLOCK | O_APPEND);
  setNonBlocking(fd, false);
  expect(getStatusFlags(copy) & O_NONBLOCK).toBe(0);
  setCloseOnExec(copy, false);
  expect(readFileSync(`/proc/self/fdinfo/${copy}`, "utf8")).toMatch(/flags:\t0?2?1?\d*2002\n/);
  expect(() => setPipeSize(fd, 4096)).toThrow(expect.objectContaining({ code: "EBADF" }));
  close(fd);
  close(copy);
});
