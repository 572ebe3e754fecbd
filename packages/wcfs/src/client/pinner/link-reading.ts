import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import { close, errno, ErrnoError, POLLIN, pollRaw, PollSet, readRaw } from "@belay/linux";
import type { PinnedConn } from "./pinned-conn.ts";
import type { LinkNews } from "./messages.ts";

/** How what comes on a link is taken in. */
export interface LinkReading {
  /** To be polled; -1: the pinner's own descriptor is signalled. */
  readonly fd: number;
  /** Takes in something of what there is. @param revents  what poll(2) found for `fd` */
  take(revents: number): void;
}

/**
 * Whether a watch link can be polled. A file system that cannot tell whether there is something to be read makes the kernel say that
 * there always is.
 *
 * @param fd  of a link on which nothing has been asked
 */
export function canBePolled(fd: number): boolean {
  const set = new PollSet(1);
  set.add(fd, POLLIN);
  return pollRaw(set, 0) === 0;
}

/** A link that another thread reads, as it can only be waited for by a read(2) that blocks. */
export function readByThread(conn: PinnedConn, port: MessagePort): LinkReading {
  const take = () => {
    for (;;) {
      const news = (receiveMessageOnPort(port) as { message: LinkNews } | undefined)?.message;
      if (news === undefined) return;
      if (news.kind === "data") conn.link.push(news.bytes);
      else conn.linkEnded(news.error);
      if (news.kind === "end") port.close();
    }
  };
  return { fd: -1, take };
}

/** A link that is polled. */
export function readByPolling(conn: PinnedConn, fd: number): LinkReading {
  const buffer = Buffer.allocUnsafeSlow(65536);
  const take = (revents: number) => {
    if (revents === 0) return;
    const length = readRaw(fd, buffer, buffer.length);
    if (length > 0) conn.link.push(buffer.subarray(0, length));
    else if (length !== -errno.EINTR) {
      close(fd);
      conn.linkEnded(length === 0 ? undefined : new ErrnoError(-length, "read").code);
    }
  };
  return { fd, take };
}
