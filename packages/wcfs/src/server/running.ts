import { setTimeout as sleep } from "node:timers/promises";
import type { FuseMount } from "@belay/fuse";
import { abortConnection, connectionAt } from "@belay/fuse";
import { writeLine, type Logger, type OwnedWorker } from "@belay/supervise";
import type { Report } from "./messages.ts";
import type { SignalTargets } from "./signals.ts";
import type { ServerThreads } from "./threads.ts";

/** Milliseconds for each step of ending; a server that was told to end has a second in all. */
const STEP = 300;

/** Exit code of SIGQUIT, as the reference has it. */
const QUIT = 2;

/** Why the server ends. */
type Cause =
  | { readonly kind: "unmounted" | "aborted" | "stopped" | "failed" }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "crashed"; readonly error: unknown };

/** The life of a server as the main thread sees it: from its threads' reports and the process's signals to an exit code. */
export class Running implements SignalTargets {
  readonly #log: Logger;
  readonly #opened = Promise.withResolvers<boolean>();
  readonly #cause = Promise.withResolvers<Cause>();
  #threads: ServerThreads | undefined;
  #mount: FuseMount | undefined;
  #serveEnded = false;
  #dumped: ((text: string) => void) | undefined;

  constructor(log: Logger) {
    this.#log = log;
    // Whoever awaits it gets the error, too.
    this.#opened.promise.catch(() => undefined);
  }

  /** The serve thread is there: what it throws is known from now on. */
  threadsStarted(threads: ServerThreads): void {
    this.#threads = threads;
    threads.serve.ended.catch((error: unknown) => {
      this.#opened.reject(error);
      this.#crashed(error);
    });
  }

  /** The notify thread is there. */
  notifyStarted(worker: OwnedWorker): void {
    worker.ended.catch((error: unknown) => this.#crashed(error));
  }

  /** A report of the serve thread. */
  take(report: Report): void {
    if (report.kind === "opened") this.#opened.resolve(true);
    else if (report.kind === "idle") void this.#unmountIdle();
    else if (report.kind === "failed") this.#cause.resolve({ kind: "failed" });
    else if (report.kind === "ended") this.#serveThreadEnded(report.end);
    else if (report.kind === "dump") this.#dumped?.(report.text);
  }

  askToEnd(signal: NodeJS.Signals): void {
    this.#opened.resolve(false);
    this.#cause.resolve({ kind: "signal", signal });
  }

  quit(): void {
    const end = (text: string) => {
      writeLine(2, `SIGQUIT: quit\n${text}\n`);
      process.exit(QUIT);
    };
    this.#dumped = end;
    setTimeout(() => end("the serve thread does not answer"), STEP);
    this.#threads?.tell({ kind: "dump" });
  }

  /** @returns false: a signal came first. @throws when the database cannot be opened */
  databaseOpened(): Promise<boolean> {
    return this.#opened.promise;
  }

  /** Waits until the server has to end, and ends it. @returns the exit code */
  async untilEnd(mount: FuseMount): Promise<number> {
    this.#mount = mount;
    const cause = await this.#cause.promise;
    this.#log.info(`end: ${cause.kind === "signal" ? cause.signal : cause.kind}`);
    const gone = cause.kind === "unmounted" || (cause.kind === "signal" && (await this.#unmount(mount)));
    if (cause.kind === "crashed")
      this.#log.fatal(cause.error instanceof Error ? (cause.error.stack ?? "") : String(cause.error));
    if (!gone) await this.#settle(mount);
    return this.#exitCode(cause, mount);
  }

  // Not lazily: somebody may have come in between, and is served then.
  async #unmountIdle(): Promise<void> {
    if (this.#mount === undefined || !isOurs(this.#mount)) return;
    this.#log.info("no client has been here for some time: unmount");
    try {
      await this.#mount.unmount();
    } catch (error) {
      this.#log.info(`there are users: ${String(error)}`);
    }
  }

  #serveThreadEnded(end: "unmounted" | "aborted" | "stopped"): void {
    this.#serveEnded = true;
    this.#cause.resolve({ kind: end });
  }

  #crashed(error: unknown): void {
    this.#cause.resolve({ kind: "crashed", error });
  }

  #exitCode(cause: Cause, mount: FuseMount): number {
    if (cause.kind === "signal") return 0;
    // The kernel tells an abort from an unmount only after the greeting; the mount table knows. umount --force aborts, too, and is an unmount.
    const over = cause.kind === "unmounted" || cause.kind === "aborted";
    if (over && !isOurs(mount)) return 0;
    if (over) this.#log.error("the connection to the kernel was aborted");
    return 1;
  }

  /** @returns whether the connection is over; not so while somebody still has files open */
  async #unmount(mount: FuseMount): Promise<boolean> {
    if (!isOurs(mount)) return false;
    try {
      await mount.unmount();
      return true;
    } catch {
      await mount.unmount(true).catch((error: unknown) => this.#log.error(`cannot unmount: ${String(error)}`));
      return false;
    }
  }

  /**
   * Has the threads end, the notify thread first: it may wait for a page that only the serve thread's reply unlocks, and a thread that
   * waits so cannot be killed.
   *
   * Not for a connection that is over: nobody waits then, and the kernel may have given its number to somebody else's.
   */
  async #settle(mount: FuseMount): Promise<void> {
    const threads = this.#threads;
    if (threads?.notify === undefined) return;
    threads.stopNotifying();
    const stuck = !(await endsWithin(threads.notify, STEP));
    if (stuck && !this.#serveEnded) abort(mount);
    threads.tell({ kind: "stop" });
    await endsWithin(threads.serve, STEP);
  }
}

/** Whether the uppermost mount on the mountpoint is the one that is served here. */
function isOurs(mount: FuseMount): boolean {
  return connectionAt(mount.mountpoint) === mount.connection;
}

function abort(mount: FuseMount): void {
  try {
    abortConnection(mount.connection);
  } catch {
    // Only root may; the connection ends with the process then.
  }
}

async function endsWithin(worker: OwnedWorker, milliseconds: number): Promise<boolean> {
  const ended = worker.ended.then(
    () => true,
    () => true,
  );
  const late = new AbortController();
  const timeout = sleep(milliseconds, false, { signal: late.signal }).catch(() => false);
  const result = await Promise.race([ended, timeout]);
  late.abort();
  return result;
}
