import { close, errno, eventfd, open, O_RDWR } from "@belay/linux";
import { expect, test } from "vitest";

import { NotifyChannel } from "./notify-channel.ts";
import { RetrieveInbox } from "./retrieve-inbox.ts";

test("a RETRIEVE nobody answers ends with ETIMEDOUT, and the next one can be made", () => {
  const fd = open("/dev/null", O_RDWR);
  using channel = new NotifyChannel(fd);
  const inbox = new RetrieveInbox(8192);
  expect(inbox.retrieve(channel, 1, 0, 4096, 10)).toBe(-errno.ETIMEDOUT);
  expect(inbox.retrieve(channel, 1, 0, 4096, 10)).toBe(-errno.ETIMEDOUT);
  close(fd);
});

test("a RETRIEVE that cannot be sent tells why, and one after the end of serving ENOTCONN", () => {
  const fd = eventfd();
  using channel = new NotifyChannel(fd);
  const inbox = new RetrieveInbox(8192);
  expect(inbox.retrieve(channel, 1, 0, 4096, 10_000)).toBeLessThan(0);
  new RetrieveInbox(inbox.shared).close();
  expect(inbox.retrieve(channel, 1, 0, 4096, 10_000)).toBe(-errno.ENOTCONN);
  close(fd);
});
