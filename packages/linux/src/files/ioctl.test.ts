import { expect, test } from "vitest";

import { errno } from "../errno/errno-table.ts";
import { eventfd } from "../events/eventfd.ts";
import { sendmsg, socketpair } from "../sockets/message.ts";
import { close } from "./open.ts";
import { ioctl, ioctlRaw, ioctlRead, ioctlWrite } from "./ioctl.ts";

const FIONREAD = 0x541b;

test("a request fills in the memory it is given", () => {
  const [left, right] = socketpair();
  sendmsg(left, Buffer.from("12345"));
  const waiting = new Int32Array(1);
  expect(ioctl(right, FIONREAD, waiting)).toBe(0);
  expect(waiting[0]).toBe(5);
  close(left);
  close(right);
});

test("a request the driver does not know is ENOTTY", () => {
  const fd = eventfd();
  expect(ioctlRaw(fd, 0xdead)).toBe(-errno.ENOTTY);
  expect(() => ioctl(fd, 0xdead)).toThrow(expect.objectContaining({ code: "ENOTTY" }));
  close(fd);
});

test("request numbers are those of the kernel's macros", () => {
  expect(ioctlRead(229, 0, 4)).toBe(0x8004e500);
  expect(ioctlWrite(229, 1, 16)).toBe(0x4010e501);
});
