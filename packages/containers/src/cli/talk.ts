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

/** Lines to this process's own stdout and stderr. */
export function processTalk(machine = false): Talk {
  const warn = (line: string): void => void process.stderr.write(`${line}\n`);
  const out = (line: string): void => void process.stdout.write(`${line}\n`);
  return { say: machine ? warn : out, warn, json: (value) => out(JSON.stringify(value)), machine };
}
