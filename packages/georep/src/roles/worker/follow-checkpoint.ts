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

/** The checkpoint of a session, followed. */
export interface Checkpoints {
  /** Settles when the signal has aborted. */
  readonly followed: Promise<void>;
  /**
   * Tells that everything written before a moment is at the destination: whoever asked for that finds the checkpoint complete afterwards.
   *
   * @param before  milliseconds since 1970
   */
  complete(before: number): void;
}

/** Works for the checkpoint of the configuration, and for the next one when it changes, until the signal aborts. */
export function followCheckpoint(options: CheckpointOptions): Checkpoints {
  const { config, before, logger, signal } = options;
  let wanted = before.checkpoint_completed === "Yes" ? before.checkpoint_time : 0;
  let reached = wanted;
  let current = new AbortController();
  const want = (moment: number) => {
    wanted = moment;
    reached = 0;
    current.abort();
    current = new AbortController();
  };
  const done = (moment: number) => {
    reached = moment;
    tellReached(options, moment);
  };
  const look = () => {
    const moment = config.current().int("checkpoint");
    if (moment === wanted) return;
    want(moment);
    reach(options, moment, AbortSignal.any([signal, current.signal])).then(
      () => {
        if (moment !== 0) done(moment);
      },
      (error: unknown) => {
        const isStillWanted = !signal.aborted && wanted === moment && reached !== moment;
        if (isStillWanted) logger.warn(`checkpoint not reached: ${toError(error).message}`);
      },
    );
  };
  look();
  return {
    followed: onChanges(config.current().file, signal, look).finally(() => current.abort()),
    complete: (moment) => {
      const asked = config.current().int("checkpoint");
      if (asked === 0 || asked === reached || asked * 1000 > moment) return;
      want(asked);
      done(asked);
    },
  };
}

async function reach({ worker, tell }: CheckpointOptions, moment: number, signal: AbortSignal): Promise<void> {
  const isNone = moment === 0;
  tell({ checkpoint_time: moment, checkpoint_completion_time: 0, checkpoint_completed: isNone ? "N/A" : "No" });
  if (isNone) return;
  // It may lie in the future: what is written until then belongs to it.
  while (Date.now() < moment * 1000) await sleep(Math.min(moment * 1000 - Date.now(), 60_000), signal);
  await worker.checkpoint(signal);
  signal.throwIfAborted();
}

function tellReached({ tell, logger }: CheckpointOptions, moment: number): void {
  const completed = Math.floor(Date.now() / 1000);
  tell({ checkpoint_time: moment, checkpoint_completed: "Yes", checkpoint_completion_time: completed });
  logger.info("Checkpoint completed", { checkpoint_time: moment, completion_time: completed });
}
