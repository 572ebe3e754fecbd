/** Where a command writes its lines. */
export interface Talk {
  /** A line for stdout; with `--json`, where stdout is for the machine, for stderr. */
  readonly say: (line: string) => void;
  /** A line for stderr. */
  readonly warn: (line: string) => void;
  /** One JSON object on a line of stdout. */
  readonly json: (value: unknown) => void;
  /** Set when stdout belongs to the machine. */
  readonly machine: boolean;
}

/** Exit status of a program that ended because nobody reads its output: 128 and the number of SIGPIPE, as shells show it. */
const outputClosed = 141;

let watched = false;

/** Writes to stdout. That it cannot be written stops nothing, least of all the clean-up of a container; it is told by the exit status. */
export function writeOut(text: string): void {
  if (!watched) {
    watched = true;
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      const closed = error.code === "EPIPE";
      if (!closed) process.stderr.write(`cannot write to stdout: ${error.code ?? error.message}\n`);
      process.once("exit", () => (process.exitCode = closed ? outputClosed : 1));
    });
  }
  process.stdout.write(text);
}

/** Lines to this process's own stdout and stderr. */
export function processTalk(machine = false): Talk {
  const warn = (line: string): void => void process.stderr.write(`${line}\n`);
  const out = (line: string): void => writeOut(`${line}\n`);
  return { say: machine ? warn : out, warn, json: (value) => out(JSON.stringify(value)), machine };
}
