import type { Logger } from "@belay/supervise";

import type { WorkerRequest } from "../../cli/roles.ts";
import { brickStatusPath, freshBrickStatus, readBrickStatus, type BrickStatus } from "../../status/brick-status.ts";
import type { WorkerStatus } from "../../worker/status.ts";
import type { Worker } from "../../worker/worker.ts";
import { brickKeys } from "./brick-keys.ts";
import { shownRetry } from "./control-handlers.ts";
import { progressLog } from "./log-progress.ts";
import { openStatusWriter } from "./status-writer.ts";

/** Retries that the status file shows; the socket tells all. */
const shownRetries = 10;

/** The status of a worker, on its way into files and log. */
export interface StatusOfWorker extends AsyncDisposable {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** What the file said before. */
  readonly before: BrickStatus;
  /** Takes each change of the worker's status. */
  readonly onStatus: (status: WorkerStatus) => void;
  /** The worker whose retries are shown. */
  follow(worker: Worker): void;
  /** Sets keys of the status file. */
  readonly tell: (keys: Partial<BrickStatus>) => void;
  /** Has the files say at once what has been told. */
  flush(): Promise<void>;
}

/** Shows a worker's status where the session's configuration says. */
export function openStatus({ config: live, secondary }: WorkerRequest, path: string, logger: Logger): StatusOfWorker {
  const state = live.current().text("state-file");
  const before = state === "" ? freshBrickStatus : readBrickStatus(brickStatusPath(state, path), logger.warn);
  const writer = openStatusWriter(state, path, logger);
  const log = progressLog(logger);
  const startedAt = Date.now();
  const node = secondary.scheme === "file" ? "localhost" : secondary.host;
  let worker: Worker | undefined;
  return {
    startedAt,
    before,
    follow: (followed) => (worker = followed),
    onStatus: (status) => {
      const keys = brickKeys(status, before.failures);
      log(status, keys);
      const waiting = status.retryQueue === 0 ? [] : (worker?.retries(shownRetries) ?? []);
      const retries = waiting.map(shownRetry);
      const now = Date.now();
      const extra = { pid: process.pid, startedAt, updatedAt: now, worker: { ...status }, retries };
      writer.write({ brick: { ...keys, secondary_node: node }, extra });
    },
    tell: (keys) => writer.write({ brick: keys }),
    flush: () => writer.flush(),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}
