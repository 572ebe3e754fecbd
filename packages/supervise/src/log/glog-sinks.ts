import { closeSync, openSync, renameSync, symlinkSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { formatGlog, type LogFormat } from "./format.ts";
import { reaches, type LogLevel, type LogRecord, type LogSink } from "./record.ts";
import { descriptorSink, writeLine } from "./sinks.ts";

/** The flags of glog, named as on its command line. */
export interface GlogOptions {
  /** First part of the file names. */
  readonly program: string;
  /** Directory of the files; default: the system's directory for temporary files. */
  readonly logDir?: string | undefined;
  /** stderr instead of files. */
  readonly logtostderr?: boolean;
  /** stderr as well as files. */
  readonly alsologtostderr?: boolean;
  /** With files: records from this severity on go to stderr too. Default `error`. */
  readonly stderrthreshold?: LogLevel;
  /** Least severity that is logged at all. Default `info`. */
  readonly threshold?: LogLevel;
  readonly format?: LogFormat;
}

const severities: readonly (readonly [string, LogLevel])[] = [
  ["INFO", "debug"],
  ["WARNING", "warn"],
  ["ERROR", "error"],
  ["FATAL", "fatal"],
];

/**
 * Sinks that log as glog does: `PROGRAM.HOST.USER.log.SEVERITY.YYYYMMDD-hhmmss.PID` in the log directory.
 *
 * The file of a severity also has what is more severe; it is made by its first record, with a symbolic link `PROGRAM.SEVERITY` to the newest.
 */
export function glogSinks(options: GlogOptions): LogSink[] {
  const { threshold = "info", format = formatGlog, stderrthreshold = "error" } = options;
  if (options.logtostderr) return [descriptorSink(2, { threshold, format })];
  const onStderr = options.alsologtostderr ? threshold : higher(stderrthreshold, threshold);
  const files = severities.map(([severity, from]) => severityFile(options, severity, higher(from, threshold), format));
  return [...files, descriptorSink(2, { threshold: onStderr, format })];
}

function higher(a: LogLevel, b: LogLevel): LogLevel {
  return reaches(a, b) ? a : b;
}

function severityFile(options: GlogOptions, severity: string, threshold: LogLevel, format: LogFormat): LogSink {
  let fd: number | undefined;
  const write = (record: LogRecord) => {
    fd ??= openLog(options, severity, new Date(record.time));
    writeLine(fd, format(record));
  };
  const dispose = () => {
    if (fd !== undefined && fd !== 2) closeSync(fd);
    fd = undefined;
  };
  return { threshold, wantsCaller: true, write, [Symbol.dispose]: dispose };
}

// A directory that cannot be written must not keep the server from running: its log goes to stderr then.
function openLog(options: GlogOptions, severity: string, time: Date): number {
  const directory = options.logDir ?? tmpdir();
  const path = join(directory, logName(options.program, severity, time));
  try {
    const fd = openSync(path, "a", 0o644);
    writeLine(fd, header(time));
    linkNewest(directory, `${options.program}.${severity}`, path);
    return fd;
  } catch (error) {
    writeLine(2, `cannot log to ${path}: ${String(error)}\n`);
    return 2;
  }
}

function logName(program: string, severity: string, time: Date): string {
  return `${program}.${hostname().split(".")[0] ?? ""}.${userName()}.log.${severity}.${stamp(time)}.${process.pid}`;
}

function stamp(t: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${t.getFullYear()}${two(t.getMonth() + 1)}${two(t.getDate())}`;
  return `${date}-${two(t.getHours())}${two(t.getMinutes())}${two(t.getSeconds())}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? 0}`; // a container's user without an entry in passwd
  }
}

function header(time: Date): string {
  return (
    `Log file created at: ${stamp(time)}\nRunning on machine: ${hostname()}\n` +
    `Log line format: [DIWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n`
  );
}

function linkNewest(directory: string, name: string, path: string): void {
  const fresh = join(directory, `${name}.${process.pid}.new`);
  try {
    symlinkSync(basename(path), fresh);
    renameSync(fresh, join(directory, name));
  } catch {
    // only a convenience; somebody else's link of that name in a sticky directory stays
  }
}
