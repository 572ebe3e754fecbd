import { BelayError, hasCode, sleep, takePidLock, toError, type Ledger, type Logger } from "@belay/supervise";

import { faultOf, type Fault } from "./fault.ts";

/** Work that is kept going: a worker in this process, or a process. Disposing of it ends it in order. */
export interface MonitoredWork extends AsyncDisposable {
  /** Settles when it has ended by itself or was ended; rejects with the reason when it could not go on. */
  readonly ended: Promise<void>;
}

/** What became of the workers. */
export interface MonitorStatus {
  readonly state: "starting" | "running" | "faulty" | "ended";
  readonly restarts: number;
  /** Why the last one ended. */
  readonly fault: Fault | undefined;
  /** When that was, milliseconds since 1970. */
  readonly faultAt: number | undefined;
  /** While faulty: when the next one starts, milliseconds since 1970. */
  readonly nextStart: number | undefined;
}

/** How workers are kept going. */
export interface MonitorOptions<Work extends MonitoredWork> {
  /** Starts a worker; called again after each that ended. */
  readonly start: () => Promise<Work>;
  readonly logger: Logger;
  /** Written and locked while the monitor runs; needs a ledger. */
  readonly pidFile?: { readonly ledger: Ledger; readonly path: string };
  /** First wait before a worker is started again, in milliseconds; doubles up to `mostBackOffMs`. Default 250 and 30,000. */
  readonly backOffMs?: number;
  readonly mostBackOffMs?: number;
  /** Most wait after a worker that had been connected, in milliseconds. Default 3,000. */
  readonly connectedBackOffMs?: number;
  readonly onStatus?: (status: MonitorStatus) => void;
}

/** Keeps a replication going until it is disposed of, or until a worker ends as `inconsistent`. */
export interface Monitor<Work extends MonitoredWork> extends AsyncDisposable {
  readonly status: MonitorStatus;
  /** The worker that runs now. */
  readonly worker: Work | undefined;
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
export async function startMonitor<Work extends MonitoredWork>(options: MonitorOptions<Work>): Promise<Monitor<Work>> {
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

class Running<Work extends MonitoredWork> {
  readonly #options: MonitorOptions<Work>;
  readonly #signal: AbortSignal;
  worker: Work | undefined;
  status: MonitorStatus = {
    state: "starting",
    restarts: 0,
    fault: undefined,
    faultAt: undefined,
    nextStart: undefined,
  };

  constructor(options: MonitorOptions<Work>, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { backOffMs = 250, mostBackOffMs = 30_000, connectedBackOffMs = 3000, logger } = this.#options;
    for (let pause = backOffMs; !this.#signal.aborted; pause = Math.min(2 * pause, mostBackOffMs)) {
      const started = performance.now();
      this.#tell({ ...this.status, state: "starting", nextStart: undefined });
      const error = await this.#runOnce();
      if (performance.now() - started > healthyAfterMs) pause = backOffMs;
      // Both ends were there: that somebody kills it now and then is no reason to be late.
      if (this.status.state === "running") pause = Math.min(pause, connectedBackOffMs);
      if (hasCode(error, "ECANCELED")) break;
      const fault = faultOf(error);
      const faulty = { state: "faulty", restarts: this.status.restarts + 1, fault, faultAt: Date.now() } as const;
      if (fault.reason === "inconsistent") {
        logger.error(`the worker has ended: ${fault.message}; it is not started again`, { reason: fault.reason });
        this.#tell({ ...faulty, nextStart: undefined });
        return;
      }
      const hint = fault.hint === undefined ? "" : ` (${fault.hint})`;
      logger.error(`the worker has ended: ${fault.message}${hint}`, { reason: fault.reason, again_in: pause / 1000 });
      this.#tell({ ...faulty, nextStart: Date.now() + pause });
      await sleep(pause, this.#signal).catch(() => undefined);
    }
    this.#tell({ ...this.status, state: "ended", nextStart: undefined });
  }

  async #runOnce(): Promise<Error> {
    try {
      this.worker = await this.#options.start();
      await this.#unlessAborted(this.worker);
      this.#tell({ ...this.status, state: "running" });
      await this.worker.ended;
      return wasEnded();
    } catch (error) {
      return this.#signal.aborted ? wasEnded() : toError(error);
    } finally {
      await letGo(this.worker);
      this.worker = undefined;
    }
  }

  // The monitor may have been ended while the worker was starting.
  async #unlessAborted(worker: Work): Promise<void> {
    if (this.#signal.aborted) await worker[Symbol.asyncDispose]();
  }

  #tell(status: MonitorStatus): void {
    this.status = status;
    this.#options.onStatus?.(status);
  }
}

// It has ended; what stands of it in the ledger goes. Why it could not be let go of is less than why it ended.
async function letGo(worker: MonitoredWork | undefined): Promise<void> {
  try {
    await worker?.[Symbol.asyncDispose]();
  } catch {
    // What stays is swept.
  }
}

const wasEnded = () => new BelayError("ECANCELED", "the worker was ended", { isCanceled: true });
