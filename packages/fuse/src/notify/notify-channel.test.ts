import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, errno, O_CREAT, O_RDONLY, O_RDWR, open } from "@belay/linux";
import { expect, test } from "vitest";

import { NotifyChannel } from "./notify-channel.ts";

// Notifications are plain writes: into a file they can be looked at.
function written(send: (channel: NotifyChannel, file: (name: string) => string) => void): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  const file = (name: string) => join(directory, name);
  const fd = open(file("out"), O_RDWR | O_CREAT);
  try {
    using channel = new NotifyChannel(fd);
    send(channel, file);
    return readFileSync(file("out"));
  } finally {
    close(fd);
    rmSync(directory, { recursive: true });
  }
}

test("an INVAL_INODE is laid out as the protocol says, negative offsets included", () => {
  const bytes = written((channel) => expect(channel.invalInode(2 ** 40 + 5, -1, -1)).toBe(0));
  expect(bytes.length).toBe(40);
  expect([bytes.readUInt32LE(0), bytes.readInt32LE(4), bytes.readBigUInt64LE(8)]).toEqual([40, 2, 0n]);
  expect([bytes.readBigUInt64LE(16), bytes.readBigInt64LE(24), bytes.readBigInt64LE(32)]).toEqual([
    2n ** 40n + 5n,
    -1n,
    -1n,
  ]);
});

test("names end with a NUL that is not counted", () => {
  const bytes = written((channel) => {
    expect(channel.invalEntry(7, "entry", 1)).toBe(0);
    expect(channel.delete(7, 8, Buffer.from([0xff]))).toBe(0);
  });
  const [entry, deletion] = [bytes.subarray(0, 38), bytes.subarray(38)];
  expect([entry.readUInt32LE(0), entry.readInt32LE(4), entry.readUInt32LE(24), entry.readUInt32LE(28)]).toEqual([
    38, 3, 5, 1,
  ]);
  expect(entry.toString("latin1", 32)).toBe("entry\0");
  expect([deletion.readInt32LE(4), deletion.readBigUInt64LE(24), deletion.readUInt32LE(32)]).toEqual([6, 8n, 1]);
  expect([...deletion.subarray(40)]).toEqual([0xff, 0]);
});

test("a STORE from a file is split at multiples of 1 MiB, and stops where the file ends", () => {
  const mib = 1 << 20;
  const bytes = written((channel, file) => {
    writeFileSync(file("in"), Buffer.alloc(mib, "d"));
    const source = open(file("in"), O_RDONLY);
    expect(channel.storeFrom(9, mib - 4096, source, 4096, mib - 4096)).toBe(0);
    expect(channel.storeFrom(9, 0, source, 4096, mib)).toBe(-errno.EIO);
    expect(channel.storeFrom(9, 0, -1, 0, 10)).toBe(-errno.EBADF);
    close(source);
  });
  expect([bytes.readUInt32LE(0), bytes.readUInt32LE(32)]).toEqual([40 + 4096, 4096]);
  expect(bytes.subarray(40, 40 + 4096).equals(Buffer.alloc(4096, "d"))).toBe(true);
  const second = bytes.subarray(40 + 4096);
  expect([second.readUInt32LE(0), second.readUInt32LE(4), second.readBigUInt64LE(24)]).toEqual([
    40 + mib - 8192,
    4,
    BigInt(mib),
  ]);
  expect(second.subarray(40).equals(Buffer.alloc(mib - 8192, "d"))).toBe(true);
});

test("a prepared STORE outlives an INVAL_INODE, and has to fit into one", () => {
  const mib = 1 << 20;
  const bytes = written((channel, file) => {
    writeFileSync(file("in"), `..${"d".repeat(8192)}`);
    const source = open(file("in"), O_RDONLY);
    expect(channel.prepareStore(mib - 4096, source, 0, 8192)).toBe(-errno.EFBIG);
    expect(channel.prepareStore(4096, source, 4096, 8192)).toBe(-errno.EIO);
    expect(channel.prepareStore(4096, source, 2, 8192)).toBe(0);
    expect(channel.invalInode(9, 4096, 8192)).toBe(0);
    expect(channel.storePrepared(9, 4096, 8192)).toBe(0);
    close(source);
  });
  const store = bytes.subarray(40);
  expect([bytes.readUInt32LE(0), bytes.readInt32LE(4), store.readUInt32LE(0), store.readInt32LE(4)]).toEqual([
    40,
    2,
    40 + 8192,
    4,
  ]);
  expect([store.readBigUInt64LE(16), store.readBigUInt64LE(24), store.readUInt32LE(32)]).toEqual([9n, 4096n, 8192]);
  expect(store.subarray(40).equals(Buffer.alloc(8192, "d"))).toBe(true);
});

test("the other notifications have their codes and numbers", () => {
  const bytes = written((channel) => {
    channel.retrieve(3, 4, 5, 4096, 8192);
    channel.pollWakeup(0x1_0000_0002n);
    channel.resend();
    channel.incrementEpoch();
  });
  expect(bytes.length).toBe(48 + 24 + 16 + 16);
  expect([bytes.readInt32LE(4), bytes.readUInt32LE(16), bytes.readUInt32LE(20), bytes.readUInt32LE(24)]).toEqual([
    5, 3, 4, 5,
  ]);
  expect([bytes.readUInt32LE(32), bytes.readUInt32LE(40)]).toEqual([4096, 8192]);
  expect([bytes.readInt32LE(48 + 4), bytes.readBigUInt64LE(48 + 16)]).toEqual([1, 0x1_0000_0002n]);
  expect([bytes.readInt32LE(72 + 4), bytes.readInt32LE(88 + 4)]).toEqual([7, 8]);
});
