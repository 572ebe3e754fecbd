import { readSync, writeSync } from "node:fs";

import { close, errno, O_RDWR, O_TMPFILE, open, pipe, setPipeSize } from "@belay/linux";
import { afterAll, expect, test } from "vitest";

import { ReplyPipe } from "./reply-pipe.ts";

const target = pipe();
setPipeSize(target.writeEnd, 1 << 20);
const file = open("/dev/shm", O_TMPFILE | O_RDWR, 0o600);
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) & 0xff));
writeSync(file, content);

afterAll(() => [target.readEnd, target.writeEnd, file].forEach(close));

function received(): Buffer {
  const bytes = Buffer.alloc(1 << 20);
  return bytes.subarray(0, readSync(target.readEnd, bytes));
}

function header(length: number, low: number, high: number): Buffer {
  return Buffer.from(new Uint32Array([length, 0, low, high]).buffer);
}

test("a reply is its header and the bytes added, wherever they lie", () => {
  using reply = new ReplyPipe();
  for (const id of [1, 2, 3]) {
    expect(reply.begin(id, 7, 131_072)).toBe(true);
    expect(reply.add(file, 100_001, 100_000)).toBe(true);
    expect(reply.add(file, 5, 31_072)).toBe(true);
    expect(reply.send(target.writeEnd)).toBe(0);
    const expected = [header(131_088, id, 7), content.subarray(100_001, 200_001), content.subarray(5, 31_077)];
    expect(received().equals(Buffer.concat(expected))).toBe(true);
  }
});

test("nothing of a reply that was not finished, or not taken, gets into the next one", () => {
  using reply = new ReplyPipe();
  expect(reply.begin(1, 0, 1000)).toBe(true);
  expect(reply.add(file, content.length - 999, 1000)).toBe(false);
  expect(reply.begin(2, 0, 4)).toBe(true);
  expect(reply.add(file, 0, 4)).toBe(true);
  expect(reply.send(file)).toBe(0);
  expect(reply.begin(3, 0, 4)).toBe(true);
  expect(reply.add(file, 0, 4)).toBe(true);
  expect(reply.send(-1)).toBe(-errno.EBADF);
  expect(reply.begin(4, 0, 2)).toBe(true);
  expect(reply.add(file, 8, 2)).toBe(true);
  expect(reply.send(target.writeEnd)).toBe(0);
  expect(received().equals(Buffer.concat([header(18, 4, 0), content.subarray(8, 10)]))).toBe(true);
});

test("what does not fit is not begun, and a reply is not sent before it is complete", () => {
  using reply = new ReplyPipe();
  expect(reply.begin(1, 0, 1 << 20)).toBe(false);
  expect(reply.begin(1, 0, (1 << 20) - 2 * 4096)).toBe(true);
  expect(() => reply.send(target.writeEnd)).toThrow("has 16");
  // Pieces that begin and end within pages take more of them.
  for (let i = 0; i < 254; i++) expect(reply.add(file, i, 10)).toBe(true);
  expect(reply.add(file, 1, 4096)).toBe(false);
});

test("a descriptor that cannot be spliced is told", () => {
  using reply = new ReplyPipe();
  expect(reply.begin(1, 0, 4)).toBe(true);
  expect(reply.add(-1, 0, 4)).toBe(false);
});
