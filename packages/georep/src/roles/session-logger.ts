import { createLogger, descriptorSink, type Logger, type LogLevel, type LogSink } from "@belay/supervise";

import type { Config } from "../config/config.ts";
import { appendLogLine, formatLogLine, type LogLetter } from "../session/log-line.ts";

const levels: Readonly<Record<string, LogLevel>> = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error" };
const letters: Readonly<Record<LogLevel, LogLetter>> = { debug: "D", info: "I", warn: "W", error: "E", fatal: "E" };

/** Where a role logs to. */
export interface SessionLog {
  /** Role and what it works for, see `LogLine`. */
  readonly label: string;
  readonly config: Config;
  /** Options that name the file and the level. */
  readonly file: "log-file" | "secondary-log-file";
  readonly level: "log-level" | "secondary-log-level";
  /** To stderr, everything. */
  readonly debug: boolean;
}

/**
 * Logs in gsyncd's form. The file is opened for each line, so that it can be moved away at any time; without one, or with `-`, lines go to
 * stderr.
 */
export function sessionLogger(log: SessionLog): Logger {
  const path = log.config.text(log.file);
  const threshold = log.debug ? "debug" : (levels[log.config.text(log.level)] ?? "info");
  const toStderr = log.debug || path === "" || path === "-" || path === "/dev/stderr";
  const sinks = [toStderr ? stderrSink(log.label, threshold) : fileSink(log.label, threshold, path)];
  return createLogger({ name: log.label.split(" ")[0] ?? "", sinks });
}

function fileSink(label: string, threshold: LogLevel, path: string): LogSink {
  const write: LogSink["write"] = (record) => appendLogLine(path, toLine(label, record));
  return { threshold, wantsCaller: false, write, [Symbol.dispose]: () => undefined };
}

function stderrSink(label: string, threshold: LogLevel): LogSink {
  return descriptorSink(2, { threshold, format: (record) => formatLogLine(toLine(label, record), record.time) });
}

function toLine(label: string, { level, name, message, fields }: Parameters<LogSink["write"]>[0]) {
  const facts = Object.entries(fields).filter(([, value]) => value !== undefined);
  return {
    letter: letters[level],
    module: name.split(".").at(-1) ?? "",
    label,
    text: message,
    facts: Object.fromEntries(facts.map(([key, value]) => [key, typeof value === "number" ? value : String(value)])),
  };
}
