import type { ProcessIdentity } from "../process/identity.ts";
import type { Logger } from "../log/logger.ts";

/** What can be written to a ledger. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** A resource as JSON: its kind, and whatever the kind's release function needs to find and release it. */
export interface LedgerEntry {
  readonly kind: string;
  readonly [key: string]: JsonValue | undefined;
}

/** An entry that stands in the ledger. */
export interface LedgerHandle {
  readonly entry: LedgerEntry;
  /**
   * Tells that the resource is there now, with what is only known since (pid, mount id, inode). Durable when it resolves.
   */
  acquired(patch?: Readonly<Record<string, JsonValue>>): Promise<void>;
  /**
   * Releases the resource by its kind's release function, then strikes the entry; calls after the first return the same promise.
   * The entry stays if releasing fails.
   */
  release(): Promise<void>;
  /** Strikes the entry without touching the resource: it ended by itself, or has another owner now. */
  forget(): Promise<void>;
}

/** The resources of this process, written down before they are acquired. */
export interface Ledger extends AsyncDisposable {
  /** Directory of the ledgers of all processes that sweep each other. */
  readonly directory: string;
  readonly path: string;
  /** Writes an entry, durably, before the resource is acquired. */
  intend(entry: LedgerEntry): Promise<LedgerHandle>;
  /** What stands in it, oldest first. */
  entries(): readonly LedgerHandle[];
  /** Releases what is left, newest first, and removes the file when nothing is. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a release function may know besides the entry. */
export interface ReleaseContext {
  /** Process that owned the entry. */
  readonly owner: ProcessIdentity;
  /** False when the owner ended between intending and acquiring: the resource may or may not be there. */
  readonly acquired: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/** `released`: it was there and is not any more. `gone`: there was nothing to do. */
export type ReleaseOutcome = "released" | "gone";

/**
 * Releases a resource from its entry alone, in this process or any other, however often it is called. It makes sure that what it finds is
 * what the entry means, and leaves everything else alone.
 */
export type ReleaseFunction = (entry: LedgerEntry, context: ReleaseContext) => Promise<ReleaseOutcome>;

/** What a sweep did, or would do, about one entry of a dead owner. */
export interface SweptEntry {
  readonly ledger: string;
  readonly owner: ProcessIdentity;
  /** Command line of the owner, for people. */
  readonly program: string;
  readonly entry: LedgerEntry;
  /** `left`: found, but not asked to fix. `failed`: see `error`. */
  readonly outcome: ReleaseOutcome | "left" | "failed";
  readonly error: Error | undefined;
}

/** Result of a sweep. */
export interface SweepReport {
  readonly entries: readonly SweptEntry[];
  /** Ledgers whose owner is alive. */
  readonly alive: number;
  /** Files that are no readable ledgers, or of another pid namespace; left alone. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}
