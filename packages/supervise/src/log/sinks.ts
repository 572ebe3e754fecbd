import { closeSync, openSync, writeSync } from "node:fs";
import { hasCode } from "../errors/belay-error.ts";
import { formatPlain, type LogFormat } from "./format.ts";
import type { LogLevel, LogSink } from "./record.ts";

/** How a sink shows which records. */
export interface SinkOptions {
  /** Default `info`. */
  readonly threshold?: LogLevel;
  readonly format?: LogFormat;
}

/** Writes to a descriptor that is open already, such as 2; does not close it. */
export function descriptorSink(fd: number, { threshold = "info", format = formatPlain }: SinkOptions = {}): LogSink {
  const write: LogSink["write"] = (record) => writeLine(fd, format(record));
  return { threshold, wantsCaller: format !== formatPlain, write, [Symbol.dispose]: () => undefined };
}

/** Appends to a file, made with mode 0644 if absent. */
export function fileSink(path: string, { threshold = "info", format = formatPlain }: SinkOptions = {}): LogSink {
  const fd = openSync(path, "a", 0o644);
  return { ...descriptorSink(fd, { threshold, format }), [Symbol.dispose]: () => closeSync(fd) };
}

/** Writes all of the text. A log nobody reads any more (EPIPE) or that has no room must not stop the work. */
export function writeLine(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let done = 0;
  for (let tries = 0; done < bytes.length && tries < 1000; tries++) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (!hasCode(error, "EAGAIN")) return;
      Atomics.wait(pause, 0, 0, 1); // a non-blocking pipe is full: its reader needs a moment
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
