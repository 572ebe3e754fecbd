import { hasCode, sleep, toError, untilAborted, BelayError } from "@belay/supervise";

import type { ProgramPlace } from "../engines/program/context.ts";
import type { ChangeFeed } from "../feed/change-feed.ts";
import { keyOf, type FileId } from "../ids/file-id.ts";
import { comparePositions, type Position } from "../journal/position.ts";
import { dirty } from "../journal/record.ts";
import { crawlDirectories, type CrawlResult } from "../plan/crawl.ts";
import { DirtySet, type DirtyName } from "../plan/dirty-set.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { Failure } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { directoryAt } from "../sources/directory-at.ts";
import { pathInTree } from "../sources/path-in-tree.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { differenceText, type Difference } from "../tree/compare.ts";
import { rootEmpty } from "./anchor-cursor.ts";
import { applyBatch, openBatch, type BatchOutcome } from "./apply-batch.ts";
import type { NamePlace } from "./compare-queue.ts";
import type { Progress, RetryItem, WorkQueue } from "./queue.ts";
import type { WorkerState, WorkerStatus } from "./status.ts";
import { mostNames, nameKey, pendingNames, takeFrom, type Taken } from "./take-from-feed.ts";
import { Tally } from "./tally.ts";
import { Verifier } from "./verifier.ts";
import type { RetryPlace, Worker, WorkerOptions } from "./worker.ts";

/** What a running worker works with. */
export interface Parts {
  readonly tree: SourceTree;
  readonly queue: WorkQueue;
  readonly feed: ChangeFeed;
  readonly secondary: Secondary;
  readonly policy: SyncPolicy;
  readonly programs: ProgramPlace;
  /** Where to read on. */
  readonly position: Position;
  /** All of the above, to be let go of when the worker ends. */
  readonly owned: AsyncDisposable;
}

/** Why the destination as a whole takes nothing just now. */
const sick = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "ENOMEM", "EMFILE"] as const;

const firstPauseMs = 250;

/** So many batches of changes go before one step of comparing, where changes never end. */
const comparesEvery = 4;

/** How long the destination may go without syncing while changes keep coming, in milliseconds. */
const syncEveryMs = 100;

/** Most directories that are compared together. */
const mostDirectories = 128;

/** Directories that are being compared. */
interface Comparison {
  readonly directories: readonly FileId[];
  readonly found: Promise<readonly CrawlResult[]>;
}

/** A worker at work, see {@link Worker}. */
export class RunningWorker implements Worker {
  readonly #parts: Parts;
  readonly #options: WorkerOptions;
  readonly #stop = new AbortController();
  readonly ended: Promise<void>;
  readonly #verifier: Verifier;
  #position: Position;
  #wake = Promise.withResolvers<undefined>();
  #isPaused = false;
  #state: WorkerState = "starting";
  #batches = 0;
  readonly #tally = new Tally();
  #lastError: string | undefined;
  #lastSynced: number | undefined;
  #behindSince: number | undefined = performance.now();
  #synced: (() => void)[] = [];
  #lastTold = 0;
  #crawlWidth = 1;
  #ahead: Comparison | undefined;

  constructor(parts: Parts, options: WorkerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#position = parts.position;
    this.#verifier = new Verifier(parts);
    parts.feed.onAppend = () => {
      this.#behindSince ??= performance.now();
      this.#poke();
    };
    this.ended = this.#run();
    this.ended.catch(() => undefined); // whoever wants to know awaits it
  }

  get status(): WorkerStatus {
    const { queue, feed } = this.#parts;
    const behind = this.#behindSince;
    const [directories, retryQueue] = [queue.crawlLength, queue.retryLength];
    const tally = this.#tally;
    const pending = tally.applying + retryQueue;
    return {
      state: this.#isPaused ? "paused" : this.#state,
      source: feed.kind,
      lagSeconds: behind === undefined ? 0 : (performance.now() - behind) / 1000,
      crawlQueue: directories,
      compared: tally.directories,
      retryQueue,
      verifyQueue: queue.compare.length,
      pending,
      ...tally.pace({ entries: pending, directories }),
      entries: tally.entries,
      bytes: tally.bytes,
      failures: tally.failures,
      lastSynced: this.#lastSynced,
      lastError: this.#lastError,
      feedTrouble: feed.trouble?.message,
    };
  }

  retries(limit?: number): RetryPlace[] {
    const { queue, tree } = this.#parts;
    return queue.retries(limit).map((item) => ({ ...item, path: pathInTree(tree, item.directory, item.name) }));
  }

  retryNow(): void {
    this.#parts.queue.retryNow();
    this.#poke();
  }

  resync(path: Buffer): void {
    const { tree, queue } = this.#parts;
    queue.record({ crawl: [directoryAt(tree, path)] });
    this.#behindSince ??= performance.now();
    this.#poke();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#poke();
  }

  async verify(signal?: AbortSignal): Promise<readonly Difference[]> {
    this.#verifier.beginWhole(true);
    this.#poke();
    return this.#verifier.result(signal);
  }

  async checkpoint(signal?: AbortSignal, { verify = false } = {}): Promise<void> {
    await this.#passed(signal);
    if (!verify && !this.#parts.policy.verifiesCheckpoints) return;
    this.#verifier.beginApplied();
    this.#poke();
    await this.#verifier.result(signal);
    await this.#passed(signal);
  }

  async #passed(signal?: AbortSignal): Promise<void> {
    await Promise.race([this.ended, Promise.resolve()]);
    const target = await untilAborted(this.#parts.feed.drain(), signal);
    for (;;) {
      if (comparePositions(this.#position, target) >= 0 && this.#isIdle()) return;
      const progress = Promise.withResolvers<undefined>();
      this.#synced.push(() => progress.resolve(undefined));
      await untilAborted(Promise.race([progress.promise, this.ended]), signal);
      this.#stop.signal.throwIfAborted();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("ended"));
    this.#poke();
    await this.ended.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { feed, secondary, owned } = this.#parts;
    const lost = Promise.race([feed.failed, secondary.lost]).then((error) => {
      throw error;
    });
    lost.catch(() => undefined);
    try {
      while (!signal.aborted) await untilAborted(Promise.race([this.#step(), lost]), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#verifier.fail(new BelayError("ECANCELED", "the worker has ended", { isCanceled: true }));
      this.#progressed();
      await owned[Symbol.asyncDispose]();
    }
  }

  // Changes go before comparing: what a user does now is visible at once, also while the first copy is made.
  async #step(): Promise<void> {
    if (this.#isPaused) return this.#sleepUntilPoked();
    const { feed, queue } = this.#parts;
    const taken = takeFrom(this.#parts, this.#position);
    const retries = queue.dueRetries(Date.now(), 500);
    if (taken.names.length > 0 || taken.gaps.length > 0 || retries.length > 0) {
      taken.names.push(...retries.map(toDirtyName));
      const { next, gaps, progress } = await this.#follow(taken);
      this.#record({ ...progress, cursor: next, crawl: [...gaps, ...(progress.crawl ?? [])], done: retries });
      this.#position = next;
      feed.trim(next);
      this.#batches++;
      if (this.#batches % comparesEvery === 0) await this.#compareNext();
    } else {
      this.#position = taken.next;
      if (!(await this.#compareNext())) return this.#rest();
    }
    this.#progressed();
  }

  async #compareNext(): Promise<boolean> {
    const comparison = this.#ahead ?? this.#compare(this.#parts.queue.nextCrawls(this.#crawlWidth));
    if (comparison.directories.length > 0) await this.#crawl(comparison);
    else if (this.#verifier.isUnderWay) await this.#verify();
    else return false;
    return true;
  }

  // What changes is visible at once, but made durable together: while changes keep coming, the destination syncs some times a second.
  async #follow({ names, gaps, next }: Taken): Promise<Omit<Taken, "names"> & { progress: Progress }> {
    const begun = performance.now();
    try {
      const batch = openBatch(this.#parts);
      for (let fresh: readonly DirtyName[] = names; ;) {
        await batch.apply(fresh);
        if (names.length >= mostNames || performance.now() - begun >= syncEveryMs) break;
        const more = takeFrom(this.#parts, next);
        next = more.next;
        if (more.names.length + more.gaps.length === 0) break;
        names.push(...more.names);
        gaps.push(...more.gaps);
        fresh = more.names;
      }
      return { gaps, next, progress: { ...this.#note(await batch.finish()), applied: this.#applied(names) } };
    } catch (error) {
      await this.#wait(error, firstPauseMs);
      return { gaps, next, progress: await this.#apply(names) };
    }
  }

  // While the destination works at what was found, the next directories are compared.
  async #crawl({ directories, found }: Comparison): Promise<void> {
    this.#state = "crawling";
    const { tree, queue } = this.#parts;
    const results = await found;
    const rootAt = directories.findIndex((id) => id.equals(tree.rootId));
    if (results[rootAt]?.isEmptied === true && this.#options.force !== true) throw rootEmpty(this.#options.source);
    const ahead = queue.nextCrawls(directories.length + this.#crawlWidth);
    const next = ahead.filter((id) => !directories.some((under) => under.equals(id))).slice(0, this.#crawlWidth);
    this.#ahead = next.length === 0 ? undefined : this.#compare(next);
    const set = new DirtySet();
    for (const { dirty: records } of results) for (const record of records) set.add(record);
    const names = set.names();
    const again = new Set<string>();
    for (let at = 0; at < names.length; at += mostNames) {
      const progress = await this.#apply(names.slice(at, at + mostNames));
      for (const id of progress.crawl ?? []) again.add(keyOf(id));
      this.#record(progress);
    }
    this.#tally.directories += directories.length;
    // New directories have come as `crawl`, known ones come from the comparison.
    const failed = this.#noteFailures(results.flatMap(({ failures }) => failures));
    // What the destination has only now was not there to be compared.
    const crawled = directories.filter((id) => !again.has(keyOf(id)));
    this.#record({ crawled, crawl: results.flatMap(({ below }) => below), failed });
    const factor = names.length > mostNames ? 0.5 : names.length < mostNames / 2 ? 2 : 1;
    this.#crawlWidth = Math.max(1, Math.min(mostDirectories, Math.floor(this.#crawlWidth * factor)));
  }

  #compare(directories: readonly FileId[]): Comparison {
    const found = crawlDirectories(this.#parts, directories);
    found.catch(() => undefined); // whoever goes on with it awaits it
    return { directories, found };
  }

  // What was compared ahead has to be compared again when one of its directories is named anew meanwhile.
  #record(progress: Progress): void {
    const ahead = new Set(this.#ahead?.directories.map(keyOf));
    if (progress.crawl?.some((id) => ahead.has(keyOf(id))) === true) this.#ahead = undefined;
    const { queue, tree } = this.#parts;
    queue.record({ ...progress, places: tree.places.takeLearned() });
  }

  async #verify(): Promise<void> {
    const step = await this.#verifier.step();
    if (step === undefined) return;
    const pending =
      step.differences.length === 0 ? new Set<string>() : await pendingNames(this.#parts.feed, this.#position);
    const differences = step.differences.filter(({ directory, name, object }) => {
      return !pending.has(nameKey(directory, name)) && !(object !== undefined && pending.has(keyOf(object)));
    });
    const { again, lasting } = this.#verifier.note(differences);
    for (const difference of differences)
      this.#options.logger.warn(`not as it has to be: ${differenceText(difference)}`);
    const progress = again.length === 0 ? {} : await this.#apply(again.map(toRenewed));
    const failed = [...(progress.failed ?? []), ...this.#noteFailures([...step.failures, ...lasting])];
    this.#record({ ...progress, ...step.progress, failed, toCompare: again });
  }

  // A destination that is full or broken gets the same batch again and again; nothing is given up.
  async #apply(names: readonly DirtyName[]): Promise<Progress> {
    this.#tally.applying = names.length;
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, 10_000)) {
      try {
        return { ...this.#note(await applyBatch(this.#parts, names)), applied: this.#applied(names) };
      } catch (error) {
        await this.#wait(error, pause);
      }
    }
  }

  async #wait(error: unknown, pause: number): Promise<void> {
    if (!hasCode(error, ...sick)) throw error;
    this.#lastError = toError(error).message;
    this.#state = "waiting";
    this.#options.logger.warn(`the destination takes nothing just now: ${this.#lastError}`);
    this.#tell();
    await sleep(pause, this.#stop.signal);
  }

  #applied(names: readonly NamePlace[]): readonly NamePlace[] {
    if (!this.#parts.policy.verifiesCheckpoints) return [];
    const directories = new Map(names.map(({ directory }) => [keyOf(directory), directory]));
    return [...names, ...[...directories.values()].map((directory) => ({ directory, name: Buffer.alloc(0) }))];
  }

  #note(outcome: BatchOutcome): Progress {
    this.#tally.note(outcome);
    return { crawl: outcome.crawl, failed: this.#noteFailures(outcome.failures) };
  }

  #noteFailures(failures: readonly Failure[]): readonly Failure[] {
    this.#tally.failures += failures.length;
    for (const { id, name, code, message } of failures) {
      const path = pathInTree(this.#parts.tree, id, name)?.toString() ?? "";
      this.#lastError = `${JSON.stringify(path)}: ${code}: ${message}`;
      this.#options.logger.warn(`will be tried again: ${this.#lastError}`);
    }
    return failures;
  }

  async #rest(): Promise<void> {
    this.#state = "active";
    if (this.#isIdle()) {
      this.#behindSince = undefined;
      this.#lastSynced = Date.now();
    }
    this.#progressed();
    const due = this.#parts.queue.nextDue;
    await this.#sleepUntilPoked(due === undefined ? Infinity : Math.max(due - Date.now(), 1));
  }

  #isIdle(): boolean {
    const { queue } = this.#parts;
    return queue.crawlLength === 0 && queue.retryLength === 0;
  }

  async #sleepUntilPoked(ms = Infinity): Promise<void> {
    const { feed, queue } = this.#parts;
    const isAsked = queue.nextCrawls(1).length > 0 || this.#verifier.isUnderWay;
    if (!this.#isPaused && (isAsked || comparePositions(this.#position, feed.end) < 0)) return;
    this.#wake = Promise.withResolvers();
    const timer = ms === Infinity ? undefined : setTimeout(() => this.#wake.resolve(undefined), ms);
    await untilAborted(this.#wake.promise, this.#stop.signal).finally(() => clearTimeout(timer));
  }

  #poke(): void {
    this.#wake.resolve(undefined);
  }

  #progressed(): void {
    for (const tell of this.#synced.splice(0)) tell();
    if (performance.now() - this.#lastTold > 250 || this.#state === "active") this.#tell();
  }

  #tell(): void {
    this.#lastTold = performance.now();
    this.#options.onStatus?.(this.status);
  }
}

function toRenewed({ directory, name }: NamePlace): DirtyName {
  return { directory, name, kinds: dirty.renew | dirty.entry | dirty.metadata, objects: new Map() };
}

function toDirtyName({ directory, name }: RetryItem): DirtyName {
  return { directory, name, kinds: dirty.entry | dirty.data | dirty.metadata, objects: new Map() };
}
