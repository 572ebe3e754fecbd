import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode, takeFileLock, toError, writeFileAtomic } from "@belay/supervise";
import { escapeUrl } from "../url/format.ts";

/** What is in the status file of a brick (or of the source of a local session). Times are seconds since 1970, 0 for none. */
export interface BrickStatus {
  readonly secondary_node: string;
  readonly worker_status: string;
  readonly last_synced: number;
  readonly last_synced_entry: number;
  readonly crawl_status: string;
  /** Pending operations of each kind. */
  readonly entry: number;
  readonly data: number;
  readonly meta: number;
  /** Operations that could not be done, since the session was created. */
  readonly failures: number;
  /** `Yes`, `No`, or `N/A` where there is no checkpoint. */
  readonly checkpoint_completed: string;
  readonly checkpoint_time: number;
  readonly checkpoint_completion_time: number;
}

/** The status of a brick nobody has worked on yet. */
export const freshBrickStatus: BrickStatus = {
  secondary_node: "N/A",
  worker_status: "N/A",
  last_synced: 0,
  last_synced_entry: 0,
  crawl_status: "N/A",
  entry: 0,
  data: 0,
  meta: 0,
  failures: 0,
  checkpoint_completed: "N/A",
  checkpoint_time: 0,
  checkpoint_completion_time: 0,
};

/** A status file as it was read: the known keys, and what else stands in it. */
export type StoredBrickStatus = BrickStatus & Readonly<Record<string, unknown>>;

/** A brick's path cannot be longer than what a file name can hold once it is escaped. */
const longestName = 255;

/** Status file of a brick: `brick_<escaped path>.status` beside `monitor.status`. */
export function brickStatusPath(monitorStatus: string, brick: string): string {
  return join(dirname(monitorStatus), `brick_${escapeUrl(brick)}.status`);
}

/** What status tells beyond the keys of the status file lies in a file of its own beside it, so that other readers are not confused. */
export function extraStatusPath(monitorStatus: string, brick: string): string {
  return join(dirname(monitorStatus), `brick_${escapeUrl(brick)}.extra.json`);
}

/**
 * Reads a status file. One that is missing reads as {@link freshBrickStatus}, and so does one that is torn or no JSON object.
 *
 * @param onProblem  told when the file is there and of no use
 */
export function readBrickStatus(path: string, onProblem?: (problem: string) => void): StoredBrickStatus {
  const text = readIfThere(path);
  if (text === undefined) return freshBrickStatus as StoredBrickStatus;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return withKnownKeys(value);
    onProblem?.(`${path}: this is no JSON object, the status of the brick is unknown`);
  } catch (error) {
    onProblem?.(`${path}: ${toError(error).message}, the status of the brick is unknown`);
  }
  return freshBrickStatus as StoredBrickStatus;
}

/**
 * Changes a status file under its lock (flock, as other writers take it), made if there is none.
 *
 * @param change  the new values of some keys, given the present ones
 * @returns what the file holds now
 */
export async function updateBrickStatus(
  path: string,
  change: (present: StoredBrickStatus) => Partial<BrickStatus>,
): Promise<StoredBrickStatus> {
  using lock = await takeFileLock(path, { wait: true, signal: AbortSignal.timeout(10_000) });
  const present = readBrickStatus(path);
  const next = { ...present, ...change(present) };
  if (JSON.stringify(next) !== JSON.stringify(present))
    await writeFileAtomic(lock.path, Buffer.from(JSON.stringify(next)));
  return next;
}

/** Keys of another type than they should be have their first value again. */
function withKnownKeys(stored: object): StoredBrickStatus {
  const merged: Record<string, unknown> = { ...freshBrickStatus, ...stored };
  for (const [key, fresh] of Object.entries(freshBrickStatus)) {
    const value = merged[key];
    const number = typeof fresh === "number" ? wholeNumber(value) : value;
    merged[key] = typeof number === typeof fresh ? number : fresh;
  }
  return merged as unknown as StoredBrickStatus;
}

// Some versions store times that are not set as N/A.
function wholeNumber(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? Math.trunc(number) : 0;
}

function readIfThere(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (Buffer.byteLength(name) > longestName) return undefined;
  try {
    const text = readFileSync(path, "utf8");
    return text === "" ? undefined : text; // a writer made it a moment ago
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
