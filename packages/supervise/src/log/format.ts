import type { LogLevel, LogRecord } from "./record.ts";

/** Turns a record into lines, the newline at the end included. */
export type LogFormat = (record: LogRecord) => string;

const two = (n: number) => String(n).padStart(2, "0");
const letters: Readonly<Record<LogLevel, string>> = { debug: "D", info: "I", warn: "W", error: "E", fatal: "F" };

/**
 * glog's form with a logger name, as wcfs launchers print it: `LMMDD hh:mm:ss.uuuuuu TID FILE:LINE] NAME: MESSAGE`.
 *
 * Local time; `C` (critical) stands for fatal. Only the first line of a message carries the prefix.
 */
export function formatGlogNamed(record: LogRecord): string {
  const letter = record.level === "fatal" ? "C" : letters[record.level];
  return `${letter}${glogTime(record.time)} ${record.tid} ${place(record)}] ${record.name}: ${record.message}\n`;
}

/** glog's own form, as servers print it: `LMMDD hh:mm:ss.uuuuuu TTTTTTT FILE:LINE] MESSAGE`. */
export function formatGlog(record: LogRecord): string {
  const tid = String(record.tid).padStart(7);
  return `${letters[record.level]}${glogTime(record.time)} ${tid} ${place(record)}] ${record.message}\n`;
}

/** For people at a terminal: `NAME: LEVEL: MESSAGE`, the level left out for info. */
export function formatPlain({ level, name, message }: LogRecord): string {
  return (name === "" ? "" : `${name}: `) + (level === "info" ? "" : `${level}: `) + `${message}\n`;
}

/** One JSON object a line: time (ISO 8601, UTC), level, name, message, the fields. */
export function formatJson({ time, level, name, message, fields }: LogRecord): string {
  return `${JSON.stringify({ time: new Date(time).toISOString(), level, name, message, ...fields }, plain)}\n`;
}

// Microseconds are counted as one integer before they are cut into fields, so rounding up carries through to the day.
function glogTime(time: number): string {
  const micros = Math.round(time * 1000);
  const t = new Date(Math.floor(micros / 1000));
  const fraction = String(micros % 1_000_000).padStart(6, "0");
  return `${two(t.getMonth() + 1)}${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}.${fraction}`;
}

function place({ caller }: LogRecord): string {
  return caller === undefined ? "???:1" : `${caller.file}:${caller.line}`;
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return { message: value.message, stack: value.stack };
  return value;
}
