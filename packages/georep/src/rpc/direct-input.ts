import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";

import { readRaw } from "@belay/linux";

import { DirectQueue } from "./direct-queue.ts";
import { makeRoomyPipe } from "./roomy-input.ts";

/** What is read at once; Node's own streams read 64 KiB into fresh memory each time. */
const portion = 256 * 1024;

/** A pipe or socket that is read into the same memory again and again: large messages make no garbage. */
export class DirectInput extends Socket {
  readonly fd: number;
  readonly bytes: DirectQueue;

  constructor(fd: number) {
    const queue = new DirectQueue(portion, () => this.resume());
    const buffer = Buffer.allocUnsafeSlow(portion);
    const callback = (length: number) => queue.push(buffer.subarray(0, length));
    super({ fd, readable: true, writable: false, onread: { buffer, callback } });
    this.fd = fd;
    this.bytes = queue;
    this.on("end", () => queue.end());
    this.on("close", () => queue.end());
    this.on("error", (error) => queue.end(error));
    this.resume(); // so that its end is told
  }

  /**
   * Takes what has come, for those who work on a request for a while: whoever sends it has little room elsewhere (sshd a pipe), and would stand still
   * until we are done. Errors and the end are told as ever.
   */
  readAhead(): void {
    const { room } = this.bytes;
    const length = room.length === 0 || this.destroyed ? 0 : readRaw(this.fd, room, room.length);
    if (length > 0) this.bytes.took(length);
  }
}

/** The standard input: directly where it is a pipe or a socket, as it nearly always is. */
export function openDirectInput(): Readable {
  const stat = fstatSync(0);
  if (stat.isFIFO()) makeRoomyPipe(0);
  return stat.isFIFO() || stat.isSocket() ? new DirectInput(0) : process.stdin;
}
