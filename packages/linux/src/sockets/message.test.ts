import { readFileSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { close, open } from "../files/open.ts";
import { O_RDONLY } from "../files/open-flags.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { recvmsg, sendmsg, SOCK_SEQPACKET, socketpair } from "./message.ts";

test("a descriptor passes through a socket and is the same file on the other side", () => {
  using dir = tempDir();
  writeFileSync(dir.file("f"), "passed");
  const [left, right] = socketpair();
  const file = open(dir.file("f"), O_RDONLY);
  expect(sendmsg(left, Buffer.from("!"), [file, file])).toBe(1);
  close(file);
  const bytes = Buffer.alloc(10);
  const { length, descriptors, truncated } = recvmsg(right, bytes, 2);
  expect([length, descriptors.length, truncated]).toEqual([1, 2, false]);
  expect(descriptors.map((fd) => readFileSync(fd, "utf8")).join("|")).toMatch(/passed/);
  for (const fd of [left, right, ...descriptors]) close(fd);
});

test("descriptors there is no room for are lost and said to be", () => {
  const [left, right] = socketpair(SOCK_SEQPACKET);
  sendmsg(left, Buffer.from("x"), [0, 0, 0, 0, 0]);
  const { descriptors, truncated } = recvmsg(right, Buffer.alloc(1), 1);
  expect(truncated).toBe(true);
  expect(descriptors.length).toBeLessThan(5);
  for (const fd of [left, right, ...descriptors]) close(fd);
});

test("the end of the peer is a message of no bytes, and sending to it EPIPE", () => {
  const [left, right] = socketpair();
  close(left);
  expect(recvmsg(right, Buffer.alloc(1))).toEqual({ length: 0, descriptors: [], truncated: false });
  expect(() => sendmsg(right, Buffer.from("x"))).toThrow(expect.objectContaining({ code: "EPIPE" }));
  close(right);
});
