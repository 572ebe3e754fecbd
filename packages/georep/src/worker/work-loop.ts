import { sleep, untilAborted } from "@belay/supervise";

import { comparePositions, type Position } from "../journal/position.ts";
import { stepNames } from "../plan/crawl.ts";
import { dirtyName, type DirtyName } from "../plan/dirty-set.ts";
import { allNames, type Filling } from "../plan/fill-directory.ts";
import { keyOf } from "../ids/file-id.ts";
import { rootEmpty } from "./anchor-cursor.ts";
import type { Batch } from "./batch.ts";
import { BatchLine, type DoneBatch } from "./batch-line.ts";
import type { NamePlace } from "./compare-queue.ts";
import { Crawler } from "./crawler.ts";
import { fillMade } from "./fill-made.ts";
import { HotFiles } from "./hot-files.ts";
import { joinProgress } from "./join-progress.ts";
import type { Parts } from "./parts.ts";
import type { Report } from "./report.ts";
import { kindsToRetry, retriesToldOf } from "./retry-told.ts";
import { Suspicion } from "./suspicion.ts";
import { mostFilled, mostNames, takeFrom } from "./take-from-feed.ts";
import type { Verifier } from "./verifier.ts";
import { verifyStep } from "./verify-step.ts";
import type { WorkerOptions } from "./worker.ts";

/** So many portions of changes go before one step of comparing, where changes never end. */
const comparesEvery = 4;

/** How long the destination may go without syncing while changes keep coming, in milliseconds. */
const syncEveryMs = 100;

/** Most retries that are taken up at once. */
const mostRetries = 500;

/** What the work is done with, besides the parts. */
export interface WorkContext {
  readonly options: Pick<WorkerOptions, "logger" | "force" | "source">;
  readonly report: Report;
  readonly verifier: Verifier;
  /** Told when something is recorded, or nothing is left to do. */
  readonly onProgress: () => void;
}

/**
 * Takes what there is to do, and puts it on its way to the destination. Changes go before comparing: what a user does now is visible at once, also
 * while the first copy is made.
 */
export class WorkLoop {
  readonly #parts: Parts;
  readonly #context: WorkContext;
  readonly #line: BatchLine;
  readonly #crawler: Crawler;
  readonly hot: HotFiles;
  /** Everything before it is durable at the destination. */
  position: Position;
  #readAt: Position;
  isPaused = false;
  #isPoked = false;
  #wake = Promise.withResolvers<undefined>();
  #isRetrying = false;
  readonly #suspicion: Suspicion;
  /** Directories that were filled, and the names in them; one, and a guess, to begin with. */
  #directories = 1;
  #names = 100;
  #taken = 0;
  readonly #stop = new AbortController();

  constructor(parts: Parts, context: WorkContext) {
    this.#parts = parts;
    this.#context = context;
    this.position = this.#readAt = parts.position;
    const poke = () => this.poke();
    this.hot = new HotFiles(parts.queue.held.list());
    this.#line = new BatchLine(parts, this.hot, {
      onFinish: (directories) => parts.queue.owed.note(directories),
      onDone: (batch) => this.#record(batch),
      onProgress: poke,
      onTrouble: (error, pauseMs) => this.#wait(error, pauseMs),
    });
    this.#crawler = new Crawler(parts, parts.queue, poke);
    this.#suspicion = new Suspicion(parts);
  }

  /** Names on their way. */
  get applying(): number {
    return this.#line.length;
  }

  /** As far as is known the destination has everything. */
  get isIdle(): boolean {
    return this.#line.isEmpty && this.hot.length === 0 && this.hasNoRest;
  }

  /** Nothing is to be compared or tried again. */
  get hasNoRest(): boolean {
    const { queue } = this.#parts;
    return queue.crawlLength === 0 && queue.retryLength === 0;
  }

  /** Works until it is aborted or cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    await untilAborted(Promise.race([this.#loop(), this.#line.failed]), signal);
  }

  /** Nothing more is begun, as what it works with is about to be let go of. */
  end(): void {
    this.#stop.abort(new Error("the work has ended"));
    this.#line.abandon();
  }

  /** Directories were put on the queue. */
  queued(): void {
    this.#crawler.recorded();
    this.poke();
  }

  /** There may be something to do. */
  poke(): void {
    this.#isPoked = true;
    this.#wake.resolve(undefined);
  }

  async #loop(): Promise<void> {
    while (!this.#stop.signal.aborted) await this.#step();
  }

  async #step(): Promise<void> {
    this.#sealIfDue();
    if (this.isPaused) {
      this.#line.seal();
      return this.#sleep();
    }
    const hasChanges = await this.#follow();
    if (hasChanges && this.#taken % comparesEvery !== 0) return;
    if ((await this.#fill()) || (await this.#compare()) || (await this.#verify())) return;
    if (!hasChanges) await this.#rest();
  }

  // What changes is visible at once, but made durable together: while changes keep coming, the destination syncs some times a second.
  #sealIfDue(): void {
    const { open } = this.#line;
    if (open === undefined) return;
    const { size, directories } = open;
    const isFull = size >= mostFilled || (size >= mostNames && directories.expected === 0 && this.#isFullWith(open));
    const age = open.changedSince === undefined ? 0 : performance.now() - open.changedSince;
    // What comes behind a seal waits until everything before it is done; content may take long.
    if (isFull || (age >= syncEveryMs && !open.isSending)) this.#line.seal();
  }

  async #follow(): Promise<boolean> {
    const readAt = performance.now();
    const taken = takeFrom(this.#parts, this.#readAt);
    const { gaps, next } = taken;
    this.#readAt = next;
    const { names: told, held } = this.hot.sift(taken.names);
    const { queue } = this.#parts;
    const { names, retries: toldRetries } = retriesToldOf(queue, told);
    const due = this.hot.takeDue();
    const retries = this.#isRetrying ? [] : queue.dueRetries(Date.now(), mostRetries);
    if (names.length + gaps.length + retries.length + held.length + due.names.length === 0) {
      if (this.#line.isEmpty) this.position = next;
      return false;
    }
    this.#isRetrying ||= retries.length > 0;
    this.#taken++;
    // What differed is done when it has been compared again, and is equal.
    const differing = retries.filter(({ code }) => code === "EDIFFERS");
    const again = retries.map((item) => dirtyName(item, kindsToRetry(item)));
    await this.#line.add([...names, ...again, ...due.names], {
      cursor: next,
      readAt,
      crawl: gaps,
      done: [...retries, ...toldRetries],
      failed: differing.map(({ directory: id, name, code, message }) => ({ id, name, code, message })),
      toCompare: [...differing, ...toldRetries.filter((place) => queue.waiting(place)?.code === "EDIFFERS")],
      held,
      unheld: due.seqs,
    });
    return true;
  }

  async #fill(): Promise<boolean> {
    const { open } = this.#line;
    const work = open && fillMade(this.#parts, open);
    if (work === undefined) return false;
    this.#context.report.tally.directories += work.directories;
    this.#directories += work.directories;
    this.#names += work.entries;
    await this.#line.add(work.names, {}, work.fillings);
    return true;
  }

  // Directories that this makes are filled before more of them are made, so that they are in the same batch.
  async #compare(): Promise<boolean> {
    const { open } = this.#line;
    if (open !== undefined && this.#isFullWith(open)) return false;
    const work = this.#crawler.next();
    if (work === undefined) return false;
    const { options, report } = this.#context;
    if (work.isRootEmptied && options.force !== true) throw rootEmpty(options.source);
    report.state = "crawling";
    report.tally.directories += work.keep.crawled?.length ?? 0;
    report.noteFailures(work.keep.failed ?? []);
    await this.#line.add(work.names, work.keep, work.fillings);
    return true;
  }

  // What is made in it has still to be filled; as long as it is, there is room for more than otherwise.
  #isFullWith({ size, directories: { expected, isFilling } }: Batch): boolean {
    if (size >= mostNames && !isFilling) return true;
    const most = size + ((expected + stepNames) * this.#names) / this.#directories;
    return (expected > 0 || size >= mostNames) && most > mostFilled;
  }

  async #verify(): Promise<boolean> {
    const { verifier, report, options } = this.#context;
    if (!verifier.isUnderWay || !this.#crawler.isIdle) return false;
    await this.#line.whenEmpty();
    const step = await verifyStep(this.#parts, verifier, { position: this.#readAt, hot: this.hot }, options.logger);
    if (step === undefined) return true;
    report.noteFailures(step.keep.failed ?? []);
    await this.#line.add(step.names, step.keep);
    return true;
  }

  async #rest(): Promise<void> {
    if (this.#line.open?.isSettled === true) this.#line.seal();
    const heldMs = this.hot.nextDueMs;
    if (!this.#line.isEmpty || !this.#crawler.isIdle) return this.#sleep(heldMs);
    const { report, onProgress } = this.#context;
    report.state = "active";
    // Changes that wait for the journal are not seen here.
    const isSynced = this.isIdle && this.#parts.feed.trouble === undefined;
    if (isSynced) report.noteSynced();
    const restMs = isSynced ? this.#noteRest(this.position) : Infinity;
    onProgress();
    const due = this.#parts.queue.nextDue;
    return this.#sleep(Math.min(heldMs, restMs, due === undefined ? Infinity : Math.max(due - Date.now(), 1)));
  }

  #noteRest(position: Position): number {
    return this.#suspicion.noteRest(position, () => this.isIdle && comparePositions(this.position, position) === 0);
  }

  async #sleep(ms = Infinity): Promise<void> {
    if (!this.#isPoked) {
      this.#wake = Promise.withResolvers();
      const timer = ms === Infinity ? undefined : setTimeout(() => this.#wake.resolve(undefined), ms);
      await this.#wake.promise.finally(() => clearTimeout(timer));
    }
    this.#isPoked = false;
  }

  async #wait(error: Error, pauseMs: number): Promise<void> {
    this.#suspicion.arise();
    this.#context.report.noteTrouble(error);
    await sleep(pauseMs, this.#stop.signal);
  }

  #record({ names, fillings, keeps, outcome }: DoneBatch): void {
    const { queue, tree, feed, secondary } = this.#parts;
    const { report, onProgress } = this.#context;
    report.tally.note(outcome);
    report.noteFailures(outcome.failures);
    const progress = joinProgress(keeps, outcome);
    const finished = secondary.finished();
    queue.record({ ...progress, finished, applied: this.#applied(names, fillings), ...tree.places.takeChanges() });
    this.#crawler.recorded(progress.crawled);
    this.hot.recorded(progress.unheld ?? []);
    if ((progress.done?.length ?? 0) > 0) this.#isRetrying = false;
    const readAt = keeps.findLast((keep) => keep.readAt !== undefined)?.readAt;
    if (readAt !== undefined && feed.trouble === undefined && this.hasNoRest) {
      const heldFor = Date.now() - (this.hot.since ?? Date.now());
      report.noteSyncedUpTo(Math.min(readAt, performance.now() - heldFor));
    }
    if (progress.cursor !== undefined && comparePositions(progress.cursor, this.position) > 0) {
      this.position = progress.cursor;
      feed.trim(progress.cursor);
    }
    onProgress();
  }

  #applied(others: readonly DirtyName[], fillings: readonly Filling[]): readonly NamePlace[] {
    if (!this.#parts.policy.verifiesCheckpoints) return [];
    const filled = fillings.flatMap(allNames);
    const names = [...others, ...filled];
    const directories = new Map(names.map(({ directory }) => [keyOf(directory), directory]));
    return [...names, ...[...directories.values()].map((directory) => ({ directory, name: Buffer.alloc(0) }))];
  }
}
