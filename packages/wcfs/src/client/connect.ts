import { constants } from "node:fs";
import { join } from "node:path";
import { formatTid, type Tid } from "@belay/zodb";
import { Conn, type WaitOptions } from "./conn.ts";
import { inContext } from "./context.ts";
import { closeFd, openFd } from "./files.ts";
import { waitForHead } from "./head-wait.ts";
import { canBePolled } from "./pinner/link-reading.ts";
import type { Orders } from "./pinner/messages.ts";
import { pinner } from "./pinner/pinner-client.ts";
import { startReader } from "./reader/start-reader.ts";

/** How to connect. */
export interface ConnectOptions extends WaitOptions {
  /**
   * Has a thread of its own wait for the server's messages, as is done anyway with servers whose links cannot be polled: those of
   * wendelin.core. It costs some 13 MB.
   */
  readonly readLinkByThread?: boolean;
}

let last = 0;

/**
 * Connects to the server at a mountpoint, as of a moment; waits until the server has got there.
 *
 * @throws BelayError with the errno in `code`: `ENOTCONN` when the server has died, `ENOENT` when there is none
 */
export async function connect(mountpoint: string, at: Tid, options: ConnectOptions = {}): Promise<Conn> {
  try {
    await waitForHead(mountpoint, at, options.signal);
    const fd = await openFd(join(mountpoint, "head", "watch"), constants.O_RDWR);
    const id = ++last;
    const byThread = options.readLinkByThread === true || !canBePolled(fd);
    await giveToPinner(id, { fd, mountpoint, at }, byThread);
    return new Conn(mountpoint, id, fd, at);
  } catch (error) {
    throw inContext(`wcfs ${mountpoint}: connect @${formatTid(at)}`, error);
  }
}

type Link = Omit<Orders["link"]["args"], "reader">;

async function giveToPinner(id: number, link: Link, byThread: boolean): Promise<void> {
  try {
    const reader = byThread ? startReader(link.fd, pinner().wakeFd) : undefined;
    await pinner().call("link", id, { ...link, reader }, reader === undefined ? [] : [reader]);
  } catch (error) {
    await closeFd(link.fd);
    throw error;
  }
}
