import {
  BelayError,
  errnoName,
  hasCode,
  sleep,
  takePidLock,
  toError,
  type Ledger,
  type Logger,
} from "@belay/supervise";

import type { Worker } from "../worker/worker.ts";

/** Why a worker ended, for programs. */
export type FaultReason =
  /** The connection to the receiving end broke. */
  | "connection"
  /** The receiving end did not start, or refused. */
  | "secondary"
  /** The source is not there or cannot be watched. */
  | "source"
  /** Another process replicates the same. */
  | "locked"
  | "internal";

/** What became of the workers. */
export interface MonitorStatus {
  readonly state: "starting" | "running" | "faulty" | "ended";
  readonly restarts: number;
  readonly reason: FaultReason | undefined;
  readonly lastError: string | undefined;
}

/** How workers are kept going. */
export interface MonitorOptions {
  /** Starts a worker; called again after each that ended. */
  readonly start: () => Promise<Worker>;
  readonly logger: Logger;
  /** Written and locked while the monitor runs; needs a ledger. */
  readonly pidFile?: { readonly ledger: Ledger; readonly path: string };
  /** First wait before a worker is started again, in milliseconds; doubles up to `mostBackOffMs`. Default 250 and 30,000. */
  readonly backOffMs?: number;
  readonly mostBackOffMs?: number;
  readonly onStatus?: (status: MonitorStatus) => void;
}

/** Keeps a replication going until it is disposed of. */
export interface Monitor extends AsyncDisposable {
  readonly status: MonitorStatus;
  /** The worker that runs now. */
  readonly worker: Worker | undefined;
  /** Resolves when the monitor has ended. */
  readonly ended: Promise<void>;
}

/** A worker that lived so long was well: the next failure is a new one. */
const healthyAfterMs = 30_000;

/**
 * Starts a worker, and another one whenever it ends by itself.
 *
 * @throws BelayError ELOCKED when the pid file is another's
 */
export async function startMonitor(options: MonitorOptions): Promise<Monitor> {
  const { pidFile } = options;
  const lock = pidFile && (await takePidLock(pidFile.ledger, pidFile.path));
  const stop = new AbortController();
  const running = new Running(options, stop.signal);
  const ended = running.run().finally(() => lock?.[Symbol.asyncDispose]());
  return {
    get status() {
      return running.status;
    },
    get worker() {
      return running.worker;
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new BelayError("ECANCELED", "the monitor was ended", { isCanceled: true }));
      await running.worker?.[Symbol.asyncDispose]();
      await ended;
    },
  };
}

class Running {
  readonly #options: MonitorOptions;
  readonly #signal: AbortSignal;
  worker: Worker | undefined;
  status: MonitorStatus = { state: "starting", restarts: 0, reason: undefined, lastError: undefined };

  constructor(options: MonitorOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { backOffMs = 250, mostBackOffMs = 30_000, logger } = this.#options;
    for (let pause = backOffMs; !this.#signal.aborted; pause = Math.min(2 * pause, mostBackOffMs)) {
      const started = performance.now();
      const error = await this.#runOnce();
      if (performance.now() - started > healthyAfterMs) pause = backOffMs;
      const reason = reasonOf(error);
      if (reason === "ended") break;
      logger.error(`the worker has ended: ${error.message}; the next one starts in ${pause / 1000} s`, { reason });
      this.#tell({ state: "faulty", restarts: this.status.restarts + 1, reason, lastError: error.message });
      await sleep(pause, this.#signal).catch(() => undefined);
    }
    this.#tell({ ...this.status, state: "ended" });
  }

  async #runOnce(): Promise<Error> {
    try {
      this.worker = await this.#options.start();
      await this.#unlessAborted(this.worker);
      this.#tell({ ...this.status, state: "running" });
      await this.worker.ended;
      return ended();
    } catch (error) {
      return this.#signal.aborted ? ended() : toError(error);
    } finally {
      this.worker = undefined;
    }
  }

  // The monitor may have been ended while the worker was starting.
  async #unlessAborted(worker: Worker): Promise<void> {
    if (this.#signal.aborted) await worker[Symbol.asyncDispose]();
  }

  #tell(status: MonitorStatus): void {
    this.status = status;
    this.#options.onStatus?.(status);
  }
}

const ended = () => new BelayError("ECANCELED", "the worker was ended", { isCanceled: true });

function reasonOf(error: Error): FaultReason | "ended" {
  if (hasCode(error, "ECANCELED")) return "ended";
  if (hasCode(error, "ECONNLOST", "EPIPE", "EPROTO", "ECONNRESET")) return "connection";
  if (hasCode(error, "ESECONDARY")) return hasCode(error.cause, "ELOCKED") ? "locked" : "secondary";
  if (hasCode(error, "ELOCKED")) return "locked";
  return errnoName(error) === undefined ? "internal" : "source";
}
