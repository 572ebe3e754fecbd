import { isatty } from "node:tty";

/** Where a command writes, and what it may read of its surroundings. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether stderr is a terminal. */
  readonly isForPeople: boolean;
}

/** The standard streams of this process. */
export const standardStreams: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isForPeople: isatty(2),
};
