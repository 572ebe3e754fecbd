import type { BrickStatus } from "../../status/brick-status.ts";
import type { WorkerStatus } from "../../worker/status.ts";

/** What a worker's status comes to in glusterd's keys. Numbers of pending operations are those of names that wait to be tried again. */
export function brickKeys(status: WorkerStatus, failuresBefore: number): Partial<BrickStatus> {
  const synced = Math.floor((status.lastSynced ?? 0) / 1000);
  return {
    worker_status: status.state === "starting" ? "Initializing..." : "Active",
    crawl_status: crawlStatus(status),
    ...(synced === 0 ? {} : { last_synced: synced, last_synced_entry: synced }),
    entry: status.retryQueue,
    data: 0,
    meta: 0,
    failures: failuresBefore + status.failures,
  };
}

/** In gsyncd's words: comparing is `Hybrid Crawl`, following the journal is `Changelog Crawl`. */
function crawlStatus({ crawlQueue, state }: WorkerStatus): string {
  if (state === "starting") return "N/A";
  return crawlQueue > 0 ? "Hybrid Crawl" : "Changelog Crawl";
}
