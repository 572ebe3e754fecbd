import type { LogLevel, Logger, LogSink } from "@belay/supervise";
import { createLogger, glogSinks } from "@belay/supervise";
import type { Severity } from "./flag-kinds.ts";
import type { LogOptions } from "./options.ts";

const levels: Readonly<Record<Severity, LogLevel>> = { INFO: "info", WARNING: "warn", ERROR: "error", FATAL: "fatal" };

/** The server's log, and its sinks for records of other threads. */
export interface ServerLog {
  readonly log: Logger;
  readonly sinks: readonly LogSink[];
}

/** Opens the log as the command line says: files and standard error as glog has them. */
export function openServerLog(options: LogOptions): ServerLog {
  const sinks = glogSinks({
    program: "wcfs",
    ...(options.directory === "" ? {} : { logDir: options.directory }),
    logtostderr: options.toStderr,
    alsologtostderr: options.alsoToStderr,
    stderrthreshold: levels[options.stderrThreshold],
    threshold: options.verbosity > 0 ? "debug" : "info",
  });
  return { log: createLogger({ sinks }), sinks };
}
