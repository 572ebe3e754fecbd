import { expect, test } from "vitest";

import { decodeRequest } from "./decode.ts";
import { DirectoryList } from "./directory-list.ts";
import * as encode from "./encode.ts";
import { initFlagNames, FUSE_ASYNC_READ, FUSE_HAS_RESEND } from "./init-flags.ts";
import { Message } from "./message.ts";
import { opcode, opcodeName } from "./opcodes.ts";
import { ReadRequest } from "./request-files.ts";
import { epoch, timestampFromMilliseconds, timestampFromNanoseconds } from "./timestamp.ts";

test("a READ keeps all 64 bits of its offset", () => {
  const read = decode(opcode.READ, [7n, 0xfedc_ba98_7654_3210n, (2n << 32n) | 4096n, 99n, 0n]);
  expect(read).toBeInstanceOf(ReadRequest);
  expect(read).toMatchObject({ fh: 7, size: 4096, lockOwner: 99n, unique: 5, nodeid: 3, uid: 1000, gid: 100, pid: 42 });
  expect((read as ReadRequest).offsetExact).toBe(0xfedc_ba98_7654_3210n);
  const beyond = decode(opcode.READ, [0n, 2n ** 45n + 1n, 1n, 0n, 0n]) as ReadRequest;
  expect(beyond.offset).toBe(2 ** 45 + 1);
});

test("BATCH_FORGET and FORGET tell nodes and counts", () => {
  expect(decode(opcode.BATCH_FORGET, [2n, 10n, 1n, 11n, 2n])).toMatchObject({
    forgets: [
      { nodeid: 10, lookups: 1 },
      { nodeid: 11, lookups: 2 },
    ],
  });
  expect(decode(opcode.FORGET, [4n])).toMatchObject({ forgets: [{ nodeid: 3, lookups: 4 }] });
});

test("a number of the kernel's that was sent again is seen as such", () => {
  const bytes = request(opcode.STATFS, []);
  bytes.writeUInt32LE(0x8000_0001, 12);
  const again = decodeBytes(bytes);
  expect([again?.resent, again?.unique]).toEqual([true, 2 ** 32 + 5]);
});

test("attributes are laid out as struct fuse_attr", () => {
  const words = new Uint32Array(64);
  const time = { sec: -2, nsec: 5 };
  const attr = {
    ino: 2 ** 33,
    size: 2 ** 41 + 1,
    mode: 0o100644,
    atime: time,
    mtime: { sec: 1, nsec: 999_999_999 },
    rdev: 9,
    blksize: 512,
  };
  expect(encode.encodeAttr(words, attr, 1.5)).toBe(104);
  const bytes = Buffer.from(words.buffer);
  expect([bytes.readBigUInt64LE(0), bytes.readUInt32LE(8)]).toEqual([1n, 500_000_000]);
  expect([bytes.readBigUInt64LE(16), bytes.readBigUInt64LE(24)]).toEqual([2n ** 33n, 2n ** 41n + 1n]);
  expect([bytes.readBigInt64LE(40), bytes.readBigInt64LE(48), bytes.readBigInt64LE(56)]).toEqual([-2n, 1n, 0n]);
  expect(Array.from({ length: 10 }, (_, index) => bytes.readUInt32LE(64 + 4 * index))).toEqual([
    5, 999_999_999, 0, 0o100644, 1, 0, 0, 9, 512, 0,
  ]);
});

test("a negative entry has a validity and no node", () => {
  const words = new Uint32Array(64).fill(7);
  expect(encode.encodeEntry(words, { nodeid: 0, entryValid: 3 })).toBe(128);
  expect(words.slice(0, 32).reduce((sum, word) => sum + word)).toBe(3);
});

test("a directory list holds what fits, aligned to 8 bytes", () => {
  const list = new DirectoryList(80);
  expect(list.add({ name: "a", ino: 1, type: 4, offset: 1 })).toBe(true);
  expect(list.add({ name: "123456789", ino: 2, type: 8, offset: 2 })).toBe(true);
  expect(list.add({ name: "b", ino: 3, type: 8, offset: 3 })).toBe(false);
  const bytes = Buffer.from(list.bytes);
  expect(bytes.length).toBe(32 + 40);
  expect([bytes.readBigUInt64LE(32), bytes.readBigUInt64LE(40), bytes.readUInt32LE(48)]).toEqual([2n, 2n, 9]);
  expect(bytes.toString("latin1", 56, 65)).toBe("123456789");
});

test("moments before 1970 keep their nanoseconds positive", () => {
  expect(timestampFromNanoseconds(-1n)).toEqual({ sec: -1, nsec: 999_999_999 });
  expect(timestampFromNanoseconds(1_500_000_000n)).toEqual({ sec: 1, nsec: 500_000_000 });
  expect(timestampFromMilliseconds(-0.5)).toEqual({ sec: -1, nsec: 999_500_000 });
  expect(epoch).toEqual({ sec: 0, nsec: 0 });
});

test("requests and flags have names for messages", () => {
  expect(opcodeName(opcode.COPY_FILE_RANGE_64)).toBe("COPY_FILE_RANGE_64");
  expect(opcodeName(99)).toBe("request 99");
  expect(initFlagNames(FUSE_ASYNC_READ | FUSE_HAS_RESEND)).toEqual(["ASYNC_READ", "HAS_RESEND"]);
});

function decode(number: number, fields: readonly bigint[]) {
  return decodeBytes(request(number, fields));
}

function decodeBytes(bytes: Buffer) {
  const buffer = new Uint8Array(4096);
  buffer.set(bytes);
  const message = new Message(buffer);
  expect(message.accept(bytes.length)).toBe(true);
  return decodeRequest(message, { setxattrExt: false });
}

// A request of number 5 on node 3, by process 42; its arguments are 64-bit fields.
function request(number: number, fields: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(40 + 8 * fields.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(number, 4);
  bytes.writeBigUInt64LE(5n, 8);
  bytes.writeBigUInt64LE(3n, 16);
  [1000, 100, 42].forEach((id, index) => bytes.writeUInt32LE(id, 24 + 4 * index));
  fields.forEach((field, index) => bytes.writeBigUInt64LE(field, 40 + 8 * index));
  return bytes;
}
