import { toError, type Logger } from "@belay/supervise";

import type { Failure } from "../rpc/messages.ts";
import { pathInTree } from "../sources/path-in-tree.ts";
import { quotedName } from "../tree/shown-name.ts";
import type { Parts } from "./parts.ts";
import type { WorkerState, WorkerStatus } from "./status.ts";
import { Tally } from "./tally.ts";

/** How often a status is told at most while much happens, in milliseconds. */
const tellEveryMs = 250;

type ReportParts = Pick<Parts, "tree" | "queue" | "feed" | "secondary">;

/** What a worker tells about itself. */
export class Report {
  readonly #parts: ReportParts;
  readonly #logger: Logger;
  readonly #tell: () => void;
  readonly tally = new Tally();
  state: WorkerState = "starting";
  /** Since when the destination is behind, as `performance.now` has it. */
  behindSince: number | undefined = performance.now();
  lastSynced: number | undefined;
  #lastError: { readonly text: string; readonly at: number } | undefined;
  #lastTold = 0;
  #isSilent = false;

  /** @param tell  hands the status to whoever wants it */
  constructor(parts: ReportParts, logger: Logger, tell: () => void) {
    this.#parts = parts;
    this.#logger = logger;
    this.#tell = tell;
  }

  noteFailures(failures: readonly Failure[]): void {
    this.tally.failures += failures.length;
    for (const { id, name, code, message } of failures) {
      const path = quotedName(pathInTree(this.#parts.tree, id, name) ?? Buffer.alloc(0));
      const text = `${path}: ${message.startsWith(`${code}: `) ? message : `${code}: ${message}`}`;
      this.#lastError = { text, at: Date.now() };
      this.#logger.warn(`will be tried again: ${text}`);
    }
  }

  /** The destination as a whole takes nothing. */
  noteTrouble(error: unknown): void {
    const text = toError(error).message;
    this.#lastError = { text, at: Date.now() };
    this.state = "waiting";
    this.#logger.warn(`the destination takes nothing just now: ${text}`);
    this.tellNow();
  }

  /** @param ms  how long the secondary has not answered; 0: it does again */
  noteSilence(ms: number): void {
    if (ms === 0) this.#logger.info("the secondary answers again");
    else if (!this.#isSilent) this.#logger.warn(silenceText(ms));
    this.#isSilent = ms > 0;
    this.tellNow();
  }

  /** Everything known of is at the destination. */
  noteSynced(): void {
    this.behindSince = undefined;
    this.lastSynced = Date.now();
  }

  /** Everything that was changed before a moment is at the destination. @param moment  as `performance.now` has it */
  noteSyncedUpTo(moment: number): void {
    if (this.behindSince === undefined || moment <= this.behindSince) return;
    this.behindSince = moment;
    this.lastSynced = Math.round(Date.now() - (performance.now() - moment));
  }

  /** Tells the status, unless that was done just now. */
  tellSometimes(): void {
    if (performance.now() - this.#lastTold > tellEveryMs || this.state === "active") this.tellNow();
  }

  tellNow(): void {
    this.#lastTold = performance.now();
    this.#tell();
  }

  /**
   * @param applying  names on their way
   * @param heldBack  names that are sent later, see `HotFiles`
   */
  status(isPaused: boolean, applying: number, heldBack: number): WorkerStatus {
    const { queue, feed, secondary } = this.#parts;
    const { ms: silentMs } = secondary.silence;
    const lastError = silentMs > 0 ? { text: silenceText(silentMs), at: Date.now() - silentMs } : this.#lastError;
    const behind = this.behindSince;
    const [directories, retryQueue] = [queue.crawlLength, queue.retryLength];
    const pending = applying + retryQueue + heldBack;
    return {
      state: isPaused ? "paused" : silentMs > 0 ? "waiting" : this.state,
      source: feed.kind,
      lagSeconds: behind === undefined ? 0 : (performance.now() - behind) / 1000,
      crawlQueue: directories,
      compared: this.tally.directories,
      retryQueue,
      verifyQueue: queue.compare.length,
      pending,
      ...this.tally.pace({ entries: pending, directories }),
      entries: this.tally.entries,
      bytes: this.tally.bytes,
      failures: this.tally.failures,
      lastSynced: this.lastSynced,
      lastError: lastError?.text,
      lastErrorAt: lastError?.at,
      feedTrouble: feed.trouble?.message,
    };
  }
}

function silenceText(ms: number): string {
  return `no answer from the secondary for ${ms / 1000} s`;
}
