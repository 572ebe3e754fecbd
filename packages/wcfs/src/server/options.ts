import { bool, choice, duration, int, severity, string } from "./flag-kinds.ts";
import { describeFlags, parseFlags } from "./flags.ts";

/** Every flag of the server. Those of logging have the names and meanings that glog gives them. */
export const serverFlags = {
  debug: bool("create .wcfs/debug/zhead, and show precise times in the FUSE trace"),
  "trace.fuse": bool("log every FUSE message"),
  autoexit: bool("end when the last client has gone"),
  autoexitgrace: duration("10s", "time without clients after which -autoexit ends"),
  pintimeout: duration("30s", "time a client has to answer a pin before it is killed"),
  pinpolicy: choice(
    ["kill", "warn"],
    "what happens then: kill it, or only warn for as long as nobody else waits for it",
  ),
  logtostderr: bool("log to standard error instead of files"),
  alsologtostderr: bool("log to standard error as well as files"),
  stderrthreshold: severity("ERROR", "records of this severity and above go to standard error too"),
  log_dir: string("directory of the log files; empty: the system's directory for temporary files"),
  v: int(0, "log level for verbose records"),
  vmodule: string("comma-separated list of pattern=N: the log level of single files"),
  log_backtrace_at: string("file:N: when a record is logged from there, log the stack too"),
  log_link: string("directory for links to the log files"),
  logbuflevel: int(0, "buffer records at this level and below"),
};

/** What the command line asked of the server. */
export interface ServerOptions {
  /** The database, exactly as given. */
  readonly zurl: string;
  readonly mountpoint: string;
  readonly debug: boolean;
  readonly traceFuse: boolean;
  readonly autoexit: boolean;
  /** Milliseconds without clients after which it ends then. */
  readonly autoexitGrace: number;
  /** Milliseconds; zero and less are accepted. */
  readonly pinTimeout: number;
  /** What happens to a client that does not answer a pin in time. */
  readonly pinPolicy: "kill" | "warn";
  readonly log: LogOptions;
}

/** The part of the options that is about logging. */
export interface LogOptions {
  readonly toStderr: boolean;
  readonly alsoToStderr: boolean;
  readonly stderrThreshold: "INFO" | "WARNING" | "ERROR" | "FATAL";
  /** Empty: the system's directory for temporary files. */
  readonly directory: string;
  readonly verbosity: number;
}

/** The command line understood, or what to print on standard error and the status to end with. */
export type CommandLine =
  | { readonly options: ServerOptions }
  | { readonly options: undefined; readonly stderr: string; readonly status: number };

/** @param argv the program's name first, as the kernel gives it */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [program = "wcfs", ...args] = argv;
  const usage = `Usage: ${program} [OPTIONS] zurl mntpt\n`;
  const parsed = parseFlags(serverFlags, args);
  if (!parsed.ok) {
    const message = parsed.message === "" ? "" : `${parsed.message}\n`;
    return {
      options: undefined,
      stderr: `${message}${usage}${describeFlags(serverFlags)}`,
      status: parsed.help ? 0 : 2,
    };
  }
  const [zurl, mountpoint] = parsed.rest;
  if (zurl === undefined || mountpoint === undefined || parsed.rest.length > 2)
    return { options: undefined, stderr: usage, status: 2 };
  return { options: toOptions(parsed.values, zurl, mountpoint) };
}

type FlagValues = { [K in keyof typeof serverFlags]: (typeof serverFlags)[K]["default"] };

function toOptions(values: FlagValues, zurl: string, mountpoint: string): ServerOptions {
  return {
    zurl,
    mountpoint,
    debug: values.debug,
    traceFuse: values["trace.fuse"],
    autoexit: values.autoexit,
    autoexitGrace: values.autoexitgrace,
    pinTimeout: values.pintimeout,
    pinPolicy: values.pinpolicy,
    log: {
      toStderr: values.logtostderr,
      alsoToStderr: values.alsologtostderr,
      stderrThreshold: values.stderrthreshold,
      directory: values.log_dir,
      verbosity: values.v,
    },
  };
}
