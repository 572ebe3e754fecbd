import type { SourceKind } from "../sources/change-source.ts";

/** What a worker does right now: comparing, following changes, held by the user, or waiting until the destination can take more or answers. */
export type WorkerState = "starting" | "crawling" | "active" | "paused" | "waiting";

/** One look at a worker. */
export interface WorkerStatus {
  readonly state: WorkerState;
  readonly source: SourceKind | undefined;
  /** Seconds by which the destination is behind; 0 when it is equal as far as is known. */
  readonly lagSeconds: number;
  /** Directories that are still to be compared, those below them not counted. */
  readonly crawlQueue: number;
  /** Directories compared since the start: 0 where it could go on where the last worker was. */
  readonly compared: number;
  /** Names that could not be applied and are tried again. */
  readonly retryQueue: number;
  /** Names known to be different: those being applied now, and those to be tried again. */
  readonly pending: number;
  /** Over the last ten seconds. */
  readonly entriesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Estimate of the seconds until what is known of is done; see `PaceNow`. */
  readonly etaSeconds: number | undefined;
  /** Names and directories that are still to be compared by digest. */
  readonly verifyQueue: number;
  /** Since the start. */
  readonly entries: number;
  readonly bytes: number;
  readonly failures: number;
  /** Milliseconds since 1970 when the destination was last known to have everything. */
  readonly lastSynced: number | undefined;
  readonly lastError: string | undefined;
  /** Milliseconds since 1970 when it came. */
  readonly lastErrorAt: number | undefined;
  /** Why changes wait in the watcher's memory instead of in the journal just now. */
  readonly feedTrouble?: string | undefined;
}
