import { inspect } from "node:util";

import { close, errno, recvmsg, sendmsg, setNonBlocking, SOCK_SEQPACKET, socketpair } from "@belay/linux";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";

import { MemoryFileSystem } from "../testing/memory-file-system.ts";
import { decodeRequest } from "../wire/decode.ts";
import { MalformedMessage, Message } from "../wire/message.ts";
import { opcode } from "../wire/opcodes.ts";
import { FuseServer } from "./fuse-server.ts";

// A socket that keeps messages apart is to the server what /dev/fuse is, with us in the kernel's place.
const [kernel, device] = socketpair(SOCK_SEQPACKET);
const errors: unknown[] = [];
const server = new FuseServer({
  fd: device,
  fileSystem: new MemoryFileSystem(),
  onError: (error) => errors.push(error),
});
setNonBlocking(kernel, true);

afterAll(() => {
  server[Symbol.dispose]();
  close(kernel);
  close(device);
});

const opcodes = Object.values(opcode);
const unanswered: readonly number[] = [opcode.FORGET, opcode.BATCH_FORGET, opcode.NOTIFY_REPLY];
const unique = 0x0002_0000_0000_0006n;

function message(number: number, nodeid: number, body: Uint8Array, extensions = 0): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40 + body.length, 0);
  header.writeUInt32LE(number, 4);
  header.writeBigUInt64LE(unique, 8);
  header.writeUInt32LE(nodeid, 16);
  header.writeUInt16LE(extensions, 36);
  return Buffer.concat([header, body]);
}

const buffer = Buffer.alloc(1 << 18);

function replies(): { error: number; unique: bigint; length: number }[] {
  const seen = [];
  for (;;) {
    try {
      const { length } = recvmsg(kernel, buffer);
      expect(buffer.readUInt32LE(0)).toBe(length);
      seen.push({ length, error: buffer.readInt32LE(4), unique: buffer.readBigUInt64LE(8) });
    } catch {
      return seen;
    }
  }
}

// Small numbers often, as they are the ones that mean something.
const body = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(fc.oneof(fc.nat(300), fc.nat(0xffffffff)), { maxLength: 30 })
    .map((words) => new Uint8Array(Uint32Array.from(words).buffer)),
);

test("whatever the arguments are, each request is answered exactly once", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...opcodes, 0, 7, 999, 0xffffffff),
      fc.constantFrom(0, 1, 2, 77),
      body,
      (number, nodeid, bytes) => {
        // These change the server itself.
        fc.pre(number !== opcode.INIT && number !== opcode.DESTROY);
        sendmsg(kernel, message(number, nodeid, bytes));
        expect(server.step()).toBe(true);
        const seen = replies();
        if (unanswered.includes(number)) expect(seen).toEqual([]);
        else if (number === opcode.INTERRUPT) expect(seen.length).toBeLessThanOrEqual(1);
        else
          expect(seen).toEqual([{ unique, error: expect.any(Number) as number, length: expect.any(Number) as number }]);
      },
    ),
    { numRuns: 2000 },
  );
  expect(server.ended).toBe(false);
  expect(server.pendingRequests).toBe(0);
});

test("bytes that are no message are dropped and told", () => {
  errors.length = 0;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
      fc.pre(bytes.length < 40 || Buffer.from(bytes).readUInt32LE(0) !== bytes.length);
      sendmsg(kernel, bytes);
      expect(server.step()).toBe(true);
      expect(replies()).toEqual([]);
    }),
  );
  expect(errors.length).toBeGreaterThan(50);
  expect(errors.every((error) => error instanceof MalformedMessage)).toBe(true);
});

test("extensions longer than the message make it no message", () => {
  sendmsg(kernel, message(opcode.LOOKUP, 1, Buffer.from("name\0"), 100));
  expect(server.step()).toBe(true);
  expect(replies()).toEqual([]);
});

test("a decoder either makes a request or says that the message is malformed", () => {
  const bytes = new Uint8Array(4096);
  const received = new Message(bytes);
  fc.assert(
    fc.property(
      fc.constantFrom(...opcodes),
      body,
      fc.nat(30),
      fc.boolean(),
      (number, rest, extensions, setxattrExt) => {
        const whole = message(number, 1, rest, extensions);
        bytes.set(whole);
        if (!received.accept(whole.length)) return;
        try {
          expect(decodeRequest(received, { setxattrExt })?.opcode).toBe(number);
        } catch (error) {
          if (!(error instanceof MalformedMessage)) throw error;
        }
      },
    ),
    { numRuns: 3000 },
  );
});

// The buffer is used for message after message: behind the end of one lie the bytes of those before.
test("what a request says depends on its own bytes alone", () => {
  const [zeros, letters] = [4096, 4096].map((size, i) => ({ bytes: new Uint8Array(size), rest: 65 * i }));
  fc.assert(
    fc.property(fc.constantFrom(...opcodes), body, fc.nat(3), fc.boolean(), (number, rest, extensions, setxattrExt) => {
      const whole = message(number, 1, rest, extensions);
      const [one, other] = [zeros, letters].map((buffer) => {
        if (buffer === undefined) return undefined;
        buffer.bytes.fill(buffer.rest);
        buffer.bytes.set(whole);
        return decoded(buffer.bytes, whole.length, setxattrExt);
      });
      expect(one).toBe(other);
    }),
    { numRuns: 3000 },
  );
});

function decoded(bytes: Uint8Array, length: number, setxattrExt: boolean): string {
  const received = new Message(bytes);
  if (!received.accept(length)) return "no message";
  try {
    return inspect(decodeRequest(received, { setxattrExt }), { depth: 5, maxArrayLength: null, maxStringLength: null });
  } catch (error) {
    return String(error);
  }
}

test("an interrupt that came before its request is asked for again", () => {
  const target = Buffer.alloc(8);
  target.writeBigUInt64LE(1234n);
  sendmsg(kernel, message(opcode.INTERRUPT, 0, target));
  expect(server.step()).toBe(true);
  expect(replies()).toEqual([{ unique, error: -errno.EAGAIN, length: 16 }]);
});
