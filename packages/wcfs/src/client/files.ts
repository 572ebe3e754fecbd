/** Files by number: they are shared with threads. All of these run beside the thread that asks, which never waits for the server. */
import * as fs from "node:fs";
import { promisify } from "node:util";

export const openFd: (path: string, flags: number) => Promise<number> = promisify(fs.open);
export const closeFd: (fd: number) => Promise<void> = promisify(fs.close);
export const statFd: (fd: number) => Promise<fs.Stats> = promisify(fs.fstat);

const readOnce = promisify(fs.read);

/** Reads into all of `into`, or to the end of the file. @returns bytes read */
export async function readFd(fd: number, into: Uint8Array, offset: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await readOnce(fd, into, done, into.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
