import { PassThrough } from "node:stream";

import { expect, test } from "vitest";

import { RpcClient } from "./client.ts";
import { ByteQueue, encodeFrame, readFrame } from "./frames.ts";
import { methods } from "./messages.ts";
import { encodePreamble, readPreamble } from "./preamble.ts";

const credit = 10_000;

test("requests arrive in the order in which they were made, also when a small one would have room before a large one", async () => {
  const [toPeer, fromPeer] = [new PassThrough(), new PassThrough()];
  using client = new RpcClient(fromPeer, toPeer);
  const connected = client.connect("s");
  const queue = new ByteQueue(toPeer);
  await readPreamble(queue, "worker");
  fromPeer.write(encodePreamble({ role: "secondary", session: "s", credit }));
  await connected;
  const sizes = [6000, 6000, 100, 20_000, 7];
  const replies = sizes.map((size) => client.call("data", undefined, { tail: Buffer.alloc(size) }));
  const seen: number[] = [];
  while (seen.length < sizes.length) {
    const frame = await readFrame(queue);
    seen.push(frame?.payload.length ?? -1);
    const answer = { type: methods.data | 0x80, request: frame?.request ?? 0, payload: Buffer.alloc(0) };
    for (const piece of encodeFrame(answer)) fromPeer.write(piece);
  }
  await Promise.all(replies);
  expect(seen).toEqual(sizes);
});
