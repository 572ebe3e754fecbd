import { freshBrickStatus, type StoredBrickStatus } from "./brick-status.ts";

/** Status as it is shown: keys in their order, every value a text. */
export type ShownStatus = ReadonlyMap<string, string>;

/** What is known about a brick and its session. */
export interface StatusFacts {
  /** Text of `monitor.status`, trimmed; undefined when there is no such file. */
  readonly monitor: string | undefined;
  /** Whether a monitor holds the pid file. Only asked for when it matters. */
  readonly monitorAlive: () => boolean;
  readonly brick: StoredBrickStatus;
  /** The checkpoint in force, seconds since 1970; 0: none. */
  readonly checkpoint: number;
}

const unknown = "N/A";

// What only an active worker can tell. `checkpoint_completed_time` is a key that other versions print and nobody reads.
const ofActiveWorkers = [
  "last_synced",
  "last_synced_utc",
  "crawl_status",
  "entry",
  "data",
  "meta",
  "failures",
  "checkpoint_completed",
  "checkpoint_time",
  "checkpoint_completion_time",
  "checkpoint_completed_time",
  "checkpoint_time_utc",
  "checkpoint_completion_time_utc",
];

/** What `gsyncd status` shows: what the worker said last, corrected by what the session's own state makes of it. */
export function showStatus(facts: StatusFacts): ShownStatus {
  const { brick, checkpoint } = facts;
  const shown = new Map(Object.entries(brick).map(([key, value]) => [key, valueText(value)]));
  const worker = sessionState(facts) ?? brick.worker_status;
  shown.set("worker_status", worker);
  showCheckpoint(shown, brick, checkpoint);
  showTime(shown, "last_synced", brick.last_synced);
  if (worker !== "Active") for (const key of ofActiveWorkers) shown.set(key, unknown);
  if (worker !== "Active" && worker !== "Passive") shown.set("secondary_node", unknown);
  for (const key of ["checkpoint_completion_time_utc", "checkpoint_time_utc"]) {
    if (!shown.has(key)) shown.set(key, unknown);
  }
  return shown;
}

/** The state of the session where it overrides what the worker said; undefined where the worker has the word. */
function sessionState({ monitor = "", monitorAlive }: StatusFacts): string | undefined {
  const mayRun = monitor === "Started" || monitor === "Paused";
  if (monitor === "" || (mayRun && !monitorAlive())) return "Stopped";
  return ["Created", "Paused", "Stopped"].includes(monitor) ? monitor : undefined;
}

function showCheckpoint(shown: Map<string, string>, brick: StoredBrickStatus, checkpoint: number): void {
  if (checkpoint === 0) {
    for (const key of ["checkpoint_completed", "checkpoint_time", "checkpoint_completion_time"]) {
      shown.set(key, unknown);
    }
    return;
  }
  const completed = checkpointCompletion(brick, checkpoint);
  shown.set("checkpoint_completed", completed === 0 ? "No" : "Yes");
  showTime(shown, "checkpoint_time", checkpoint);
  shown.set("checkpoint_completion_time", unknown);
  if (completed !== 0) showTime(shown, "checkpoint_completion_time", completed);
}

/** When the checkpoint was reached; 0: not yet. The worker may not have seen a new one, then its progress tells. */
function checkpointCompletion(brick: StoredBrickStatus, checkpoint: number): number {
  if (brick.checkpoint_time === checkpoint) {
    return brick.checkpoint_completed === "Yes" ? brick.checkpoint_completion_time : 0;
  }
  return checkpoint <= brick.last_synced ? brick.last_synced : 0;
}

function showTime(shown: Map<string, string>, key: string, seconds: number): void {
  shown.set(key, seconds === 0 ? unknown : localTime(seconds));
  shown.set(`${key}_utc`, seconds === 0 ? unknown : utcTime(seconds));
}

/** `YYYY-MM-DD HH:MM:SS` where this machine is. */
export function localTime(seconds: number): string {
  const offset = new Date(seconds * 1000).getTimezoneOffset() * 60;
  return utcTime(seconds - offset);
}

/** `YYYY-MM-DD HH:MM:SS` in UTC. */
export function utcTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? unknown : time.toISOString().replace("T", " ").slice(0, 19);
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `key: value` lines; a value with line breaks would be taken for keys and is written on one line. */
export function statusLines(shown: ShownStatus): string {
  return [...shown].map(([key, value]) => `${oneLine(key)}: ${oneLine(value)}\n`).join("");
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}

/** Order of the keys every brick has. */
export const statusKeys: readonly string[] = Object.keys(freshBrickStatus);
