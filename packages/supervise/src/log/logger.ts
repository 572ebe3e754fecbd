import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { getCallSites } from "node:util";
import { formatPlain } from "./format.ts";
import { reaches, type LogFields, type LogLevel, type LogRecord, type LogSink } from "./record.ts";
import { descriptorSink } from "./sinks.ts";

/** Logs by severity. The methods are bound: they can be passed on as functions. */
export interface Logger {
  readonly name: string;
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  /** As error, one step up; does not end the process. */
  readonly fatal: (message: string, fields?: LogFields) => void;
  /** Tells whether anybody would see a message of this level, before it is put together at some cost. */
  enabled(level: LogLevel): boolean;
  /** A logger whose name is `PARENT.NAME` and whose records carry `fields` as well. */
  child(name: string, fields?: LogFields): Logger;
}

/** What a logger is made of. */
export interface LoggerOptions {
  readonly name?: string;
  /** Default: plain text on stderr from `info` on. */
  readonly sinks?: readonly LogSink[];
  readonly fields?: LogFields;
}

/** Makes a logger. Nothing is configured by importing this package: a library that is given no logger logs nothing. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { name = "", sinks = [descriptorSink(2, { format: formatPlain })], fields = {} } = options;
  const at = (level: LogLevel) => (message: string, more?: LogFields) =>
    emit(sinks, level, name, message, more === undefined ? fields : { ...fields, ...more });
  return {
    name,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    enabled: (level) => sinks.some((sink) => reaches(level, sink.threshold)),
    child: (childName, more) =>
      createLogger({ name: name === "" ? childName : `${name}.${childName}`, sinks, fields: { ...fields, ...more } }),
  };
}

/** A logger for nobody. */
export const silentLogger: Logger = createLogger({ sinks: [] });

function emit(sinks: readonly LogSink[], level: LogLevel, name: string, message: string, fields: LogFields): void {
  const takers = sinks.filter((sink) => reaches(level, sink.threshold));
  if (takers.length === 0) return;
  const caller = takers.some((sink) => sink.wantsCaller) ? findCaller() : undefined;
  const record: LogRecord = { time: now(), level, name, message, fields, tid: threadId(), caller };
  for (const sink of takers) sink.write(record);
}

// Frames above this one: emit, the level's method, its caller. A fixed depth also works when everything is bundled into one file.
function findCaller(): LogRecord["caller"] {
  const site = getCallSites(4)[3];
  return site && { file: basename(site.scriptName), line: site.lineNumber };
}

let clockOffset = Date.now() - performance.now();

// The wall clock in microseconds: the monotonic one gives the fraction, and follows when the wall clock is set.
function now(): number {
  const time = clockOffset + performance.now();
  const wall = Date.now();
  if (Math.abs(wall - time) < 2) return time;
  clockOffset = wall - performance.now();
  return wall;
}

let cachedThreadId: number | undefined;

function threadId(): number {
  return (cachedThreadId ??= readThreadId());
}

function readThreadId(): number {
  try {
    return Number(basename(readlinkSync("/proc/thread-self")));
  } catch {
    return process.pid; // no /proc
  }
}
