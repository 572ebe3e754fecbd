import { once } from "node:events";
import { Socket } from "node:net";
import { PassThrough } from "node:stream";

import { close, read, socketpair } from "@belay/linux";
import { expect, onTestFinished, test } from "vitest";

import { DirectOutput } from "./direct-output.ts";
import { FrameSender, plainTransport } from "./frame-sender.ts";
import { ByteQueue, encodeFrame, readFrame } from "./frames.ts";

function openPair(): [output: Socket, peer: number] {
  const [left, right] = socketpair();
  const output = new Socket({ fd: left, readable: false, writable: true });
  onTestFinished(() => void output.destroy());
  return [output, right];
}

test("what the kernel takes is written when this returns, and the stream knows nothing of it", () => {
  const [output, peer] = openPair();
  const left = new DirectOutput(output).write(encodeFrame({ type: 1, request: 2, payload: Buffer.from("abc") }));
  expect([left, output.writableLength]).toEqual([[], 0]);
  const taken = Buffer.alloc(100);
  expect(read(peer, taken)).toBe(12);
  expect(taken.toString("latin1", 9, 12)).toBe("abc");
  close(peer);
});

test("frames of any size arrive whole and in their order, whoever writes which part of them", async () => {
  const [output, peer] = openPair();
  const sender = new FrameSender(output, plainTransport, () => undefined);
  const sizes = [5, 3_000_000, 0, 70_000, 1, 2_000_000, 9];
  const sent = Promise.all(
    sizes.map((size, request) =>
      sender.send({ type: 1, request, payload: Buffer.from([request]), tail: Buffer.alloc(size, request) }),
    ),
  );
  expect(output.writableLength).toBeGreaterThan(0);
  const queue = new ByteQueue(new Socket({ fd: peer, readable: true, writable: false }));
  for (const [request, size] of sizes.entries()) {
    const frame = await readFrame(queue);
    expect([frame?.request, frame?.payload.length]).toEqual([request, size + 1]);
    expect(frame?.payload.every((byte) => byte === request)).toBe(true);
  }
  await sent;
  await expect.poll(() => output.writableLength).toBe(0);
  // The stream has nothing left: it goes directly again.
  await sender.send({ type: 1, request: 99, payload: Buffer.from("again") });
  expect((await readFrame(queue))?.payload.toString()).toBe("again");
});

test("that nobody reads any more is told by the stream", async () => {
  const [output, peer] = openPair();
  close(peer);
  const frame = encodeFrame({ type: 1, request: 1, payload: Buffer.from("x") });
  expect(new DirectOutput(output).write(frame)).toBe(frame);
  const failed = once(output, "error");
  const sent = new FrameSender(output, plainTransport, () => undefined).send({ type: 1, request: 2, payload: frame[0] ?? Buffer.alloc(0) }); // prettier-ignore
  expect(await failed).toMatchObject([{ code: "EPIPE" }]);
  await sent.catch(() => undefined);
  expect(new DirectOutput(output).write(frame)).toBe(frame); // its descriptor may be another's by now
});

test("a stream without a descriptor, and one that has ended, get all of it", () => {
  const frame = encodeFrame({ type: 1, request: 1, payload: Buffer.from("x") });
  expect(new DirectOutput(new PassThrough()).write(frame)).toBe(frame);
  const [output, peer] = openPair();
  output.end();
  expect(new DirectOutput(output).write(frame)).toBe(frame);
  close(peer);
});
