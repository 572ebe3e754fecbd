import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import { expect, test } from "vitest";

import { replyBit, RpcClient } from "./client.ts";
import { plainTransport } from "./frame-sender.ts";
import { encodeFrame } from "./frames.ts";
import { methods } from "./messages.ts";
import { encodePreamble } from "./preamble.ts";

const lostMs = 300;

/** A client whose peer has greeted, and says nothing any more. */
async function connected(): Promise<RpcClient> {
  const input = new PassThrough();
  const client = new RpcClient(input, new PassThrough().resume(), plainTransport, lostMs);
  input.write(encodePreamble({ role: "secondary", session: "s", credit: 1000 }));
  await client.connect("s");
  return client;
}

const isLost = (client: RpcClient, ms: number) =>
  Promise.race([client.lost.then(() => true), delay(ms, false, { ref: true })]);

test("a peer that does not answer is told of beat by beat, and given up in time", async () => {
  using client = await connected();
  const told: number[] = [];
  client.silence.onChange = (ms) => told.push(ms);
  const error = await client.lost;
  expect(error).toMatchObject({ code: "ECONNLOST", message: "no answer from the secondary for 0.3 s" });
  expect(told).toEqual([100, 200, 300]);
});

test("an answer ends the silence at once", async () => {
  const input = new PassThrough();
  using client = new RpcClient(input, new PassThrough().resume(), plainTransport, 3000);
  input.write(encodePreamble({ role: "secondary", session: "s", credit: 1000 }));
  await client.connect("s");
  const told: number[] = [];
  client.silence.onChange = (ms) => told.push(ms);
  const answer = client.call("finish");
  await expect.poll(() => client.silence.ms).toBe(1000);
  input.write(Buffer.concat(encodeFrame({ type: methods.finish | replyBit, request: 1, payload: Buffer.alloc(0) })));
  await answer;
  expect(told).toEqual([1000, 0]);
});

test("the time in which this process is stopped is not the peer's silence, and a peer that stays silent is given up all the same", async () => {
  using client = await connected();
  await delay(150);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * lostMs);
  expect(await isLost(client, 20)).toBe(false);
  expect(await isLost(client, 10 * lostMs)).toBe(true);
});
