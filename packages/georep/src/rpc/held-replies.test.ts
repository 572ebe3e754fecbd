import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { HeldReplies } from "./held-replies.ts";

const reply = (request: number) => ({ type: 0x82, request, payload: Buffer.from("done") });

test("replies go out together, but never wait for what comes slowly", async () => {
  const output = new PassThrough();
  const replies = new HeldReplies(output);
  replies.add(reply(1));
  replies.add(reply(2));
  expect(output.readableLength).toBe(0);
  await replies.whileReading(() => sleep(100));
  expect(output.readableLength).toBe(2 * (9 + 4));
  expect(await replies.whileReading(() => Promise.resolve("next"))).toBe("next");
  for (let i = 0; i < 16; i++) replies.add(reply(i));
  expect(replies.isDue).toBe(true);
});
