import { expect, test } from "vitest";

import { close, open } from "../files/open.ts";
import { O_RDONLY } from "../files/open-flags.ts";
import { sendBuffer, setSendBuffer } from "./buffer.ts";
import { socketpair } from "./message.ts";

test("a socket keeps as much as it is told to, where that is allowed", () => {
  const [left, right] = socketpair();
  const [before, other] = [sendBuffer(left), sendBuffer(right)];
  setSendBuffer(left, 16 * before);
  if (process.geteuid?.() === 0) expect(sendBuffer(left)).toBe(32 * before);
  else expect(sendBuffer(left)).toBeGreaterThanOrEqual(before);
  expect(sendBuffer(right)).toBe(other);
  for (const fd of [left, right]) close(fd);
});

test("what is no socket has no such buffer", () => {
  const fd = open("/dev/null", O_RDONLY);
  expect(() => setSendBuffer(fd, 65_536)).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  close(fd);
});
