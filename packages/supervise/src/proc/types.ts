/**
 * How often a property is read. `none`: each time, and a process whose id was given again is another object. `repeatable-read`:
 * once, on demand, then constant, its error too. `snapshot`: everything when the reader is opened.
 */
export type ProcIsolation = "none" | "repeatable-read" | "snapshot";

/** What a query does when it may not look at a process. */
export type OnDenied = "raise" | "warn" | "ignore";

/** An open descriptor: proc_pid_fd(5) and proc_pid_fdinfo(5). */
export interface ProcFd {
  readonly fd: number;
  readonly path: Buffer;
  readonly pos: bigint;
  /** O_… */
  readonly flags: number;
  readonly mountId: number;
  readonly ino: bigint | undefined;
  /** Lines that depend on the kind of file, name → value. */
  readonly extra: ReadonlyMap<string, string>;
}

/** A line of proc_pid_maps(5). */
export interface ProcMapping {
  /** `START-END` in hexadecimal. */
  readonly address: string;
  readonly perm: string;
  readonly offset: bigint;
  /** As `st_dev`. */
  readonly dev: number;
  readonly ino: bigint;
  readonly path: Buffer | undefined;
}

/** What processes and their threads have in common. Reading a property throws ProcError when it cannot be read. */
export interface ProcTask {
  /** `EACCES`-proof name: `pidN user comm`, the parts that cannot be read in parentheses. */
  text(): string;
  readonly comm: string;
  /** Key → value of `status`. */
  readonly status: ReadonlyMap<string, string>;
  readonly uid: number;
  /** Name of the user, or the number when it has none. */
  readonly user: string;
  /** Where the thread is in the kernel; needs CAP_SYS_ADMIN. */
  readonly ktraceback: string;
}

/** One process as /proc shows it. */
export interface ProcProcess extends ProcTask {
  readonly pid: number;
  /** Empty for kernel threads. */
  readonly argv: readonly Buffer[];
  /** Undefined for kernel threads. */
  readonly exe: Buffer | undefined;
  readonly cwd: Buffer;
  readonly root: Buffer;
  readonly fd: ReadonlyMap<number, ProcFd>;
  readonly mmaps: readonly ProcMapping[];
  readonly tasks: ReadonlyMap<number, ProcTask & { readonly tid: number }>;
  /** Not gone and no zombie. */
  isAlive(): boolean;
  /** The command line in one line for people; an error as `(TEXT)`. */
  argvText(): string;
}
