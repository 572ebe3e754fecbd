import { setImmediate as turn } from "node:timers/promises";

import { toError } from "@belay/supervise";

import type { FileId } from "../ids/file-id.ts";
import type { DirtyName } from "../plan/dirty-set.ts";
import type { Ends } from "../plan/ends.ts";
import type { Filling } from "../plan/fill-directory.ts";
import { isSick } from "../rpc/failure.ts";
import { Batch, type BatchContext } from "./batch.ts";
import type { HotFiles } from "./hot-files.ts";
import type { BatchOutcome, Keep } from "./join-progress.ts";
import { WantedContent } from "./wanted-content.ts";
import { Window } from "./window.ts";

const firstPauseMs = 250;
const longestPauseMs = 10_000;

/** Names that are durable at the destination, and what has to be recorded for that. */
export interface DoneBatch {
  readonly names: readonly DirtyName[];
  readonly fillings: readonly Filling[];
  readonly keeps: readonly Keep[];
  readonly outcome: BatchOutcome;
}

/** Who a line tells. */
export interface LineEvents {
  /** A batch is about to be made durable; these directories are to be compared, unless it is done. */
  readonly onFinish: (directories: readonly FileId[]) => void;
  /** In the order in which the names were given. */
  readonly onDone: (batch: DoneBatch) => void;
  /** An answer came, or something is done. */
  readonly onProgress: () => void;
  /** The destination takes nothing; resolves when it is to be tried again. */
  readonly onTrouble: (error: Error, pauseMs: number) => Promise<void>;
}

/**
 * The way to the destination: names go into the open batch, and on their way at once; a batch that is sealed is finished there while the next
 * one is filled.
 *
 * - The destination answers in order, and everything before a `finish` is durable when that is answered. So `finish` goes out when all of a batch
 *   is answered and followed up, and before anything of the next batch: what of that is looked at meanwhile waits at the gate.
 * - A batch is done when its `finish` is answered; batches are done in their order.
 * - After an error nothing is known of the batch, nor of those behind it. All their names are applied again as one batch, until it succeeds.
 */
export class BatchLine {
  readonly #context: BatchContext;
  readonly #events: LineEvents;
  #open: Batch | undefined;
  /** Those that are not done, in order; the open one is the last. */
  #batches: Batch[] = [];
  #gate: Promise<unknown> = Promise.resolve();
  #completing: Promise<void> = Promise.resolve();
  #recovery: Promise<unknown> | undefined;
  #isAbandoned = false;
  readonly #failed = Promise.withResolvers<never>();

  constructor(ends: Ends, hot: HotFiles, events: LineEvents) {
    this.#events = events;
    const onAnswer = () => this.#answered();
    this.#context = {
      ends,
      window: new Window(),
      content: new WantedContent(ends),
      hot,
      rooms: [],
      fillMemory: [],
      presumes: ends.secondary.finished() === 0,
      onAnswer,
    };
    this.#failed.promise.catch(() => undefined); // whoever works with the line awaits it
  }

  /** Rejects when the work cannot go on. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** The batch that takes names; undefined: none has been begun. */
  get open(): Batch | undefined {
    return this.#open;
  }

  /** Names that are on their way. */
  get length(): number {
    return this.#batches.reduce((sum, { size }) => sum + size, 0);
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** Takes names, and what is to be kept when they are durable. Resolves when there is room for more. */
  async add(names: readonly DirtyName[], keep: Keep, fillings: readonly Filling[] = []): Promise<void> {
    while (this.#recovery !== undefined) await this.#recovery;
    const batch = (this.#open ??= this.#begin());
    batch.take(names, keep, fillings);
    await this.#send(batch);
  }

  /** Has what was given so far made durable. */
  seal(): void {
    const batch = this.#open;
    if (batch === undefined) return;
    this.#open = undefined;
    const sent = Promise.withResolvers<undefined>();
    this.#gate = sent.promise;
    this.#completing = this.#completing.then(() => this.#complete(batch, () => sent.resolve(undefined)));
    this.#completing.catch((error: unknown) => this.#failed.reject(toError(error)));
  }

  /** Resolves when nothing is under way. */
  async whenEmpty(): Promise<void> {
    while (!this.isEmpty) {
      this.seal();
      await this.#completing;
    }
  }

  /** Sends nothing more: the ends of the replication are about to be let go of. */
  abandon(): void {
    this.#open = undefined;
    for (const batch of this.#batches) batch.abandon();
    this.#isAbandoned = true;
  }

  #begin(): Batch {
    const batch = new Batch(this.#context, this.#gate);
    if (this.#isAbandoned) batch.abandon();
    this.#batches.push(batch);
    return batch;
  }

  // What was written leaves, what came is heard, before the next look.
  async #send(batch: Batch): Promise<void> {
    for (let isMore = true; isMore;) {
      await this.#context.window.room();
      isMore = batch.sendNext();
      await turn();
    }
  }

  async #complete(batch: Batch, finishIsSent: () => void): Promise<void> {
    if (!this.#batches.includes(batch)) {
      finishIsSent(); // done along with one before it
      return;
    }
    try {
      await batch.settled();
      const finished = this.#finish(batch, []);
      finishIsSent();
      const outcome = await finished;
      this.#batches.shift();
      const { names, fillings, keeps } = batch;
      this.#events.onDone({ names, fillings, keeps, outcome });
      this.#events.onProgress();
    } catch (error) {
      this.#recovery = this.#recover(toError(error));
      await this.#recovery.finally(() => (this.#recovery = undefined));
      finishIsSent();
    }
  }

  async #recover(first: Error): Promise<void> {
    const batches = this.#batches;
    this.#open = undefined;
    for (const batch of batches) batch.abandon();
    // The connection is in order again before anybody begins anew.
    await Promise.allSettled(batches.map((batch) => batch.settled()));
    const names = batches.flatMap((batch) => batch.names);
    const attempts = [...batches];
    let error = first;
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
      if (!isSick(error)) throw error;
      await this.#events.onTrouble(error, pause);
      const batch = new Batch(this.#context, Promise.resolve());
      batch.take(names, {});
      try {
        const unlooked = attempts.flatMap((attempt) => attempt.unlooked);
        const outcome = await this.#apply(batch, unlooked);
        const crawl = [...outcome.crawl, ...unlooked];
        this.#batches = [];
        this.#gate = Promise.resolve();
        const keeps = batches.flatMap((each) => each.keeps);
        const fillings = batches.flatMap((each) => each.fillings);
        this.#events.onDone({ names, fillings, keeps, outcome: { ...outcome, crawl } });
        this.#events.onProgress();
        return;
      } catch (again) {
        error = toError(again);
        attempts.push(batch);
      }
    }
  }

  async #apply(batch: Batch, unlooked: readonly FileId[]): Promise<BatchOutcome> {
    await this.#send(batch);
    await batch.settled();
    return this.#finish(batch, unlooked);
  }

  /** The request is on its way when this returns. */
  #finish(batch: Batch, unlooked: readonly FileId[]): Promise<BatchOutcome> {
    this.#events.onFinish([...batch.owed, ...unlooked]);
    return batch.finish();
  }

  // One that failed is not filled any further.
  #answered(): void {
    if (this.#open?.error !== undefined) this.seal();
    this.#events.onProgress();
  }
}
