import type { Logger } from "@belay/supervise";

import type { BrickStatus } from "../../status/brick-status.ts";
import type { WorkerStatus } from "../../worker/status.ts";

/** Batches of so much time are one line of the log, in milliseconds. */
const everyMs = 15_000;

/** Logs what changes: states, kinds of crawl, and how much was done. */
export function progressLog(logger: Logger): (status: WorkerStatus, keys: Partial<BrickStatus>) => void {
  let state: string | undefined;
  let crawl: string | undefined;
  let told = performance.now();
  let last = { entries: 0, bytes: 0, failures: 0 };
  return (status, { worker_status, crawl_status }) => {
    if (worker_status !== state) logger.info("Worker Status Change", { status: worker_status });
    if (crawl_status !== crawl) logger.info("Crawl Status Change", { status: crawl_status });
    state = worker_status;
    crawl = crawl_status;
    const now = performance.now();
    const isDue = now - told > everyMs || (status.lagSeconds === 0 && now - told > 1000);
    if (status.entries === last.entries || !isDue) return;
    logger.info("Batch Completed", {
      mode: status.crawlQueue > 0 ? "hybrid_changelog" : "live_changelog",
      duration: ((now - told) / 1000).toFixed(4),
      entries: status.entries - last.entries,
      bytes: status.bytes - last.bytes,
      failures: status.failures - last.failures,
    });
    told = now;
    last = { entries: status.entries, bytes: status.bytes, failures: status.failures };
  };
}
