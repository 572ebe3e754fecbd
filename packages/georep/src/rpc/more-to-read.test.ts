import { PassThrough } from "node:stream";

import { close, socketpair, write } from "@belay/linux";
import { expect, test } from "vitest";

import { moreToRead } from "./more-to-read.ts";

test("what waits in a descriptor is seen without reading it; a stream without one has nothing", () => {
  const [left, right] = socketpair();
  const stream = Object.assign(new PassThrough(), { fd: right });
  const isThereMore = moreToRead(stream);
  expect(isThereMore()).toBe(false);
  write(left, Buffer.from("x"));
  expect([isThereMore(), isThereMore()]).toEqual([true, true]);
  expect(moreToRead(new PassThrough())()).toBe(false);
  stream.destroy();
  expect(isThereMore()).toBe(false);
  for (const fd of [left, right]) close(fd);
});
