import { constants } from "node:fs";
import { join } from "node:path";
import { formatTid, type Tid } from "@belay/zodb";
import { Conn, type WaitOptions } from "./conn.ts";
import { inContext } from "./context.ts";
import { closeFd, openFd } from "./files.ts";
import { waitForHead } from "./head-wait.ts";
import { canBePolled } from "./pinner/link-reading.ts";
import { pinner } from "./pinner/pinner-client.ts";
import { startReader } from "./reader/start-reader.ts";

let last = 0;

/**
 * Connects to the server at a mountpoint, as of a moment; waits until the server has got there.
 *
 * @throws BelayError with the errno in `code`: `ENOTCONN` when the server has died, `ENOENT` when there is none
 */
export async function connect(mountpoint: string, at: Tid, options: WaitOptions = {}): Promise<Conn> {
  try {
    await waitForHead(mountpoint, at, options.signal);
    const fd = await openFd(join(mountpoint, "head", "watch"), constants.O_RDWR);
    const id = ++last;
    await giveToPinner(id, fd, mountpoint, at);
    return new Conn(mountpoint, id, fd, at);
  } catch (error) {
    throw inContext(`wcfs ${mountpoint}: connect @${formatTid(at)}`, error);
  }
}

async function giveToPinner(id: number, fd: number, mountpoint: string, at: Tid): Promise<void> {
  try {
    const reader = canBePolled(fd) ? undefined : startReader(fd, pinner().wakeFd);
    await pinner().call("link", id, { fd, mountpoint, at, reader }, reader === undefined ? [] : [reader]);
  } catch (error) {
    await closeFd(fd);
    throw error;
  }
}
