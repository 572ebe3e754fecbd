import type { MessagePort } from "node:worker_threads";
import type { LogLevel, LogSink } from "@belay/supervise";
import type { Report } from "./messages.ts";

/** Sends a thread's log records to the main thread, which has the files. */
export function remoteLog(port: MessagePort, threshold: LogLevel): LogSink {
  return {
    threshold,
    wantsCaller: true,
    write: (record) => port.postMessage({ kind: "log", record } satisfies Report),
    [Symbol.dispose]: () => undefined,
  };
}
