import { renderError } from "@belay/supervise";

/** Where a command of `belay georep` writes. */
export interface Talk {
  /** Set when standard output is for a program: JSON and nothing else. */
  readonly json: boolean;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** A line for people on standard output; nothing with `json`. */
  say(line: string): void;
  /** Text for standard output as it is. */
  write(text: string): void;
  /** A value as one JSON line; nothing without `json`. */
  tell(value: object): void;
  /** A line on standard error. */
  warn(line: string): void;
  /** An error that is not the last word, on standard error. */
  complain(error: unknown): void;
}

/** To this process's standard streams. */
export function processTalk(json = false): Talk {
  const write = (text: string) => void process.stdout.write(text);
  const warn = (line: string) => void process.stderr.write(`${line}\n`);
  return {
    json,
    isTerminal: process.stdout.isTTY,
    say: (line) => {
      if (!json) write(`${line}\n`);
    },
    write,
    tell: (value) => {
      if (json) write(`${JSON.stringify(value)}\n`);
    },
    warn,
    complain: (error) => {
      const { text, json: line } = renderError(error, { program: "belay" });
      warn(json ? line : text);
    },
  };
}
