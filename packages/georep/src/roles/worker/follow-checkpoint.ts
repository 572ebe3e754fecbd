import { sleep, toError, type Logger } from "@belay/supervise";

import type { LiveConfig } from "../../config/live-config.ts";
import type { BrickStatus } from "../../status/brick-status.ts";
import type { Worker } from "../../worker/worker.ts";
import { onChanges } from "./config-changes.ts";

/** What following checkpoints takes. */
export interface CheckpointOptions {
  readonly config: LiveConfig;
  readonly worker: Pick<Worker, "checkpoint">;
  /** What the status said when the worker started. */
  readonly before: BrickStatus;
  readonly tell: (keys: Partial<BrickStatus>) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Works for the checkpoint of the configuration, and for the next one when it changes, until the signal aborts. */
export async function followCheckpoint(options: CheckpointOptions): Promise<void> {
  const { config, before, logger, signal } = options;
  let wanted = before.checkpoint_completed === "Yes" ? before.checkpoint_time : 0;
  let current = new AbortController();
  const look = () => {
    const moment = config.current().int("checkpoint");
    if (moment === wanted) return;
    wanted = moment;
    current.abort();
    current = new AbortController();
    reach(options, moment, AbortSignal.any([signal, current.signal])).catch((error: unknown) => {
      if (!signal.aborted && wanted === moment) logger.warn(`checkpoint not reached: ${toError(error).message}`);
    });
  };
  look();
  await onChanges(config.current().file, signal, look);
  current.abort();
}

async function reach({ worker, tell, logger }: CheckpointOptions, moment: number, signal: AbortSignal): Promise<void> {
  const none = { checkpoint_time: moment, checkpoint_completion_time: 0 };
  if (moment === 0) {
    tell({ ...none, checkpoint_completed: "N/A" });
    return;
  }
  tell({ ...none, checkpoint_completed: "No" });
  // It may lie in the future: what is written until then belongs to it.
  while (Date.now() < moment * 1000) await sleep(Math.min(moment * 1000 - Date.now(), 60_000), signal);
  await worker.checkpoint(signal);
  const completed = Math.floor(Date.now() / 1000);
  tell({ checkpoint_time: moment, checkpoint_completed: "Yes", checkpoint_completion_time: completed });
  logger.info("Checkpoint completed", { checkpoint_time: moment, completion_time: completed });
}
