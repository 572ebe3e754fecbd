import { afterEach, expect, test } from "vitest";

import { errno } from "../errno/errno-table.ts";
import { tempDir } from "../testing/temp-dir.ts";
import * as io from "./io.ts";
import { close, open } from "./open.ts";
import { O_CREAT, O_NONBLOCK, O_RDWR } from "./open-flags.ts";
import { pipe, SPLICE_F_NONBLOCK, spliceFromFileRaw, spliceRaw, type Pipe } from "./splice.ts";

const opened: Pipe[] = [];

function testPipe(): Pipe {
  const made = pipe(O_NONBLOCK);
  opened.push(made);
  return made;
}

afterEach(() => {
  for (const { readEnd, writeEnd } of opened.splice(0)) [readEnd, writeEnd].forEach(close);
});

test("bytes go from a file through a pipe into another, from any offset", () => {
  using dir = tempDir();
  const fd = open(dir.file("sparse"), O_RDWR | O_CREAT, 0o600);
  const offset = 5 * 2 ** 32 + 7;
  io.pwrite(fd, Buffer.from("hello world"), offset);
  const [first, second] = [testPipe(), testPipe()];
  expect(spliceFromFileRaw(fd, offset + 6, first.writeEnd, 100, SPLICE_F_NONBLOCK)).toBe(5);
  expect(spliceRaw(first.readEnd, second.writeEnd, 100, SPLICE_F_NONBLOCK)).toBe(5);
  const bytes = Buffer.alloc(10);
  expect(io.read(second.readEnd, bytes)).toBe(5);
  expect(bytes.toString("latin1", 0, 5)).toBe("world");
  expect(spliceFromFileRaw(fd, offset + 11, first.writeEnd, 100, SPLICE_F_NONBLOCK)).toBe(0);
  close(fd);
});

test("a full and an empty pipe, and what cannot be spliced, are told and not waited for", () => {
  using dir = tempDir();
  const fd = open(dir.file("a"), O_RDWR | O_CREAT, 0o600);
  io.pwrite(fd, Buffer.alloc(1 << 20), 0);
  const { readEnd, writeEnd } = testPipe();
  const taken = spliceFromFileRaw(fd, 0, writeEnd, 1 << 20, SPLICE_F_NONBLOCK);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(1 << 20);
  expect(spliceFromFileRaw(fd, 0, writeEnd, 1, SPLICE_F_NONBLOCK)).toBe(-errno.EAGAIN);
  expect(spliceRaw(testPipe().readEnd, testPipe().writeEnd, 1, SPLICE_F_NONBLOCK)).toBe(-errno.EAGAIN);
  expect(spliceFromFileRaw(readEnd, 0, writeEnd, 1, SPLICE_F_NONBLOCK)).toBe(-errno.ESPIPE);
  expect(spliceRaw(-1, writeEnd, 1, 0)).toBe(-errno.EBADF);
  close(fd);
});
