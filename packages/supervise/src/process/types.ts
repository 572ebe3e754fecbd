import type { Duplex, Readable, Writable } from "node:stream";
import type { Ledger } from "../ledger/types.ts";
import type { ProcessIdentity } from "./identity.ts";

/** How a process ended: exactly one of both is there. */
export interface ExitStatus {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** How to start a program. */
export interface SpawnOptions {
  readonly cwd?: string;
  /** Whole environment of the child. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default `ignore`; bytes are written, then the pipe is closed. */
  readonly stdin?: "ignore" | "inherit" | "pipe" | Uint8Array;
  /** Default `ignore`; `capture` keeps all of it for {@link SupervisedProcess.output}. */
  readonly stdout?: "ignore" | "inherit" | "pipe" | "capture";
  /** Default `capture`: the last MiB is kept for error messages. `tee` also copies it to our stderr; `pipe` also gives the stream. */
  readonly stderr?: "ignore" | "inherit" | "pipe" | "capture" | "tee";
  /** Descriptors 3 and up of the child. */
  readonly extraStdio?: readonly (number | "pipe" | "ignore")[];
  /** `argv[0]` of the child, when it differs from the file that is run. */
  readonly argv0?: string;
  readonly uid?: number;
  readonly gid?: number;
  /**
   * `session` (default): a session and process group of its own. Ctrl-C at the terminal does not reach it; stopping it reaches
   * its descendants too. `inherit`: stays in our group, for programs that talk to the user's terminal.
   */
  readonly group?: "session" | "inherit";
  /** Ends the process (stop ladder) when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Longest run, in milliseconds; then the process is stopped and its error has `timedOut`. */
  readonly timeoutMs?: number;
  /** Time for the stop ladder, in milliseconds: SIGTERM, half of it, SIGKILL. Default 5000. */
  readonly stopMs?: number;
  /** Where the process is recorded, so that a sweep ends it if we cannot. Left out: the child may outlive us. */
  readonly ledger?: Ledger | undefined;
}

/** A child process that its owner must let go: leaving its scope (`await using`) stops it. */
export interface SupervisedProcess extends AsyncDisposable {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly identity: ProcessIdentity;
  /** With `stdin: "pipe"`. */
  readonly stdin: Writable | null;
  /** With `stdout: "pipe"`. */
  readonly stdout: Readable | null;
  /** With `stderr: "pipe"`. */
  readonly stderr: Readable | null;
  /** Our end of each `"pipe"` of `extraStdio`, which goes both ways, by its place there. */
  readonly extra: readonly (Duplex | undefined)[];
  /** Settles when the process has ended and its output was read to the end. Never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** What `stdout: "capture"` has seen so far. */
  output(): Buffer;
  /** The last MiB of stderr. */
  stderrTail(): Buffer;
  /** Waits for the end. @throws ProcessError unless the program left with 0 */
  succeeded(): Promise<void>;
  /** Sends a signal to the group (or, with `group: "inherit"`, to the process). @returns false when it is gone */
  kill(signal: NodeJS.Signals): boolean;
  /**
   * Sends SIGKILL and lets go: for a process that waits in the kernel and takes no signal. This process can end before it.
   */
  abandon(): void;
  /** SIGTERM, wait, SIGKILL, wait; once for all callers. @throws ProcessError when even SIGKILL did not end it in time */
  stop(options?: { timeoutMs?: number }): Promise<ExitStatus>;
}
