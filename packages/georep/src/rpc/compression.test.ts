import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressPayload, decompressPayload } from "./compression.ts";
import { maxFrame } from "./frames.ts";

test("what shrinks is sent smaller and comes out as it was", async () => {
  const payload = Buffer.from("all the same, ".repeat(20_000));
  const packed = await compressPayload(payload);
  expect(packed?.length).toBeLessThan(1000);
  expect(decompressPayload(packed ?? payload)).toEqual(payload);
});

test("what does not shrink is sent as it is", async () => {
  expect(await compressPayload(randomBytes(1_000_000))).toBeUndefined();
  expect(await compressPayload(randomBytes(5000))).toBeUndefined();
  expect(await compressPayload(Buffer.alloc(100))).toBeUndefined();
});

test("a small payload that would become larger than any frame is refused", () => {
  const bomb = zstdCompressSync(Buffer.alloc(maxFrame + 1));
  expect(bomb.length).toBeLessThan(2000);
  expect(() => decompressPayload(bomb)).toThrow(/malformed/);
  expect(() => decompressPayload(Buffer.from("no zstd"))).toThrow(/malformed/);
});
