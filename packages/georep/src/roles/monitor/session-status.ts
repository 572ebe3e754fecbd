import { dirname } from "node:path";

import { toError, type Logger } from "@belay/supervise";

import type { MonitorStatus } from "../../monitor/monitor.ts";
import { brickStatusPath, extraStatusPath, updateBrickStatus } from "../../status/brick-status.ts";
import { updateExtraStatus } from "../../status/extra-status.ts";
import { writeMonitorStatus } from "../../status/monitor-status.ts";
import { makeDirectory } from "../../tree/make-directory.ts";

/** What a monitor writes into the files of its session. */
export interface SessionStatus {
  /** The session's state, one word. */
  state(word: string): Promise<void>;
  /** What became of a source's worker. */
  worker(source: string, status: MonitorStatus): void;
  /** Everything that was told is written. */
  settled(): Promise<void>;
}

/** glusterd's words for what only the monitor knows of a worker. */
const words: Readonly<Partial<Record<MonitorStatus["state"], string>>> = {
  starting: "Initializing...",
  faulty: "Faulty",
};

/** @param path  of `monitor.status`; empty: there are no status files */
export function sessionStatus(path: string, logger: Logger): SessionStatus {
  let last = Promise.resolve();
  const afterwards = (write: () => Promise<void>): Promise<void> => {
    if (path === "") return Promise.resolve();
    last = last.then(write).catch((error: unknown) => {
      logger.warn(`the status cannot be written: ${toError(error).message}`);
    });
    return last;
  };
  return {
    state: (word) =>
      afterwards(async () => {
        makeDirectory(dirname(path));
        await writeMonitorStatus(path, word);
        logger.info("Monitor Status Change", { status: word });
      }),
    worker: (source, status) => void afterwards(() => writeWorker(path, source, status)),
    settled: () => last,
  };
}

async function writeWorker(path: string, source: string, status: MonitorStatus): Promise<void> {
  makeDirectory(dirname(path));
  const { state, restarts, fault, faultAt: lastErrorAt, nextStart } = status;
  const word = fault?.reason === "inconsistent" ? "inconsistent" : words[state];
  const now = { pid: process.pid, updatedAt: Date.now(), state, restarts, nextStart };
  const why = fault && {
    ...{ reason: fault.reason, code: fault.code, hint: fault.hint },
    ...{ lastError: fault.message, lastErrorAt },
  };
  // The reason first: whoever sees `Faulty` finds it.
  await updateExtraStatus(extraStatusPath(path, source), { monitor: { ...now, ...why } });
  if (word !== undefined) await updateBrickStatus(brickStatusPath(path, source), () => ({ worker_status: word }));
}
