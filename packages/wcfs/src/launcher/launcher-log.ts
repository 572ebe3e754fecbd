import { createLogger, descriptorSink, formatGlogNamed, type Logger } from "@belay/supervise";

/** What the launcher's functions take besides their subject. */
export interface LauncherOptions {
  /** Default: nobody is told. The command line logs to standard error. */
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/** The log of the command line: glog's form with the name `wcfs`, on standard error. */
export function commandLineLogger(): Logger {
  return createLogger({ name: "wcfs", sinks: [descriptorSink(2, { format: formatGlogNamed })] });
}
