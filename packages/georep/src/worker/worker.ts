import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { close, openat2, O_DIRECTORY, O_RDONLY, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from "@belay/linux";
import { BelayError, hasCode, sleep, toError, untilAborted, type Ledger, type Logger } from "@belay/supervise";

import type { ProgramPlace } from "../engines/program/context.ts";
import type { ChangeFeed } from "../feed/change-feed.ts";
import { comparePositions, type Position } from "../journal/position.ts";
import { dirty } from "../journal/record.ts";
import { crawlDirectories, type CrawlResult } from "../plan/crawl.ts";
import { DirtySet, type DirtyName } from "../plan/dirty-set.ts";
import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import { defaultPolicy, type SyncPolicy } from "../policy/policy.ts";
import type { Failure } from "../rpc/messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import { openSourceTree, type SourceTree } from "../sources/source-tree.ts";
import { differenceText, type Difference } from "../tree/compare.ts";
import { anchorCursor, rootEmpty } from "./anchor-cursor.ts";
import { applyBatch, openBatch, type BatchOutcome } from "./apply-batch.ts";
import type { NamePlace } from "./compare-queue.ts";
import { Pace, type Done } from "./pace.ts";
import { WorkQueue, type Progress, type RetryItem } from "./queue.ts";
import type { WorkerState, WorkerStatus } from "./status.ts";
import { Verifier } from "./verifier.ts";

/** What a worker needs. */
export interface WorkerOptions {
  /** Directory that is replicated. */
  readonly source: string;
  /** Directory of the worker's own for its queue; outside the source. */
  readonly state: string;
  readonly logger: Logger;
  /**
   * Goes on when the source's root is another directory than before, or a comparison finds it empty; otherwise the work halts there with
   * `EROOTCHANGED` or `EROOTEMPTY`, as it may well be a file system that is not mounted.
   */
  readonly force?: boolean | undefined;
  /** Begins to watch the source, or finds who watches it; called once. The worker disposes of the feed. */
  readonly openFeed: (tree: SourceTree) => Promise<ChangeFeed>;
  /** What counts, and how it is sent; default {@link defaultPolicy}. */
  readonly policy?: SyncPolicy | undefined;
  /** Program and arguments that lead to the destination's machine, its name last, for rsync and tar; undefined: it is this one. */
  readonly shell?: readonly string[] | undefined;
  /** For the processes of rsync and tar. */
  readonly ledger?: Ledger | undefined;
  /** Connects to the receiving end; called once. */
  readonly connect: (rootId: FileId) => Promise<Secondary>;
  /** Told of every change of the status, at most some times a second. */
  readonly onStatus?: ((status: WorkerStatus) => void) | undefined;
}

/** A replication at work. Disposing of it ends it in order. */
export interface Worker extends AsyncDisposable {
  readonly status: WorkerStatus;
  /** Rejects when the work cannot go on; resolves when it was ended. */
  readonly ended: Promise<void>;
  /**
   * Resolves when everything written to the source before the call is at the destination, and durable. With `verify` what was applied since the
   * last such checkpoint is compared by digest, what differs is applied again and compared again.
   */
  checkpoint(signal?: AbortSignal, options?: { readonly verify?: boolean }): Promise<void>;
  /**
   * Compares everything by digest and applies again what differs. Aborting ends the comparison; a worker that ends leaves it to the next.
   *
   * @returns what differed
   */
  verify(signal?: AbortSignal): Promise<readonly Difference[]>;
  /** What could not be applied, and why; the most often failed first. */
  retries(limit?: number): RetryItem[];
  /** What waits to be tried again is due now. */
  retryNow(): void;
  /**
   * Has everything at and below a path (bytes, relative to the source; empty: all) compared again.
   *
   * @throws errno errors when there is no such directory
   */
  resync(path: Buffer): void;
  pause(): void;
  resume(): void;
}

/**
 * Starts to replicate: goes on where the last worker was when the feed and the destination are those it had; otherwise compares everything
 * once. Then follows the changes.
 *
 * @throws what keeps it from starting: the source cannot be opened or watched, the secondary cannot be reached
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  mkdirSync(options.state, { recursive: true, mode: 0o700 });
  await using owned = new AsyncDisposableStack();
  const tree = owned.use(openSourceTree(options.source));
  const { policy = defaultPolicy } = options;
  const queue = owned.use(new WorkQueue(join(options.state, "queue.sqlite"), policy.retryMs));
  tree.places.restore(queue.places());
  queue.retryNow(); // why it failed may have gone with the last worker
  // Watching first, comparing then: whatever changes while we compare is told of.
  const feed = owned.use(await options.openFeed(tree));
  const secondary = owned.use(await options.connect(tree.rootId));
  const { replica } = secondary;
  const position = anchorCursor({ queue, feed, policy, replica, tree, isForced: options.force });
  const { shell, ledger, logger } = options;
  const programs = { directory: join(options.state, "engine"), shell, ledger, logger };
  return new RunningWorker({ tree, queue, feed, secondary, policy, programs, position, owned: owned.move() }, options);
}

interface Parts {
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

/** Most names that are made durable together, more or less. */
const mostNames = 4000;
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

/** What the feed told of. */
interface Taken {
  readonly names: DirtyName[];
  readonly gaps: FileId[];
  /** Behind it. */
  readonly next: Position;
}

class RunningWorker implements Worker {
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
  #entries = 0;
  #bytes = 0;
  #failures = 0;
  #directories = 0;
  #applying = 0;
  readonly #pace = new Pace();
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
    const pending = this.#applying + retryQueue;
    return {
      state: this.#isPaused ? "paused" : this.#state,
      source: feed.kind,
      lagSeconds: behind === undefined ? 0 : (performance.now() - behind) / 1000,
      crawlQueue: directories,
      retryQueue,
      verifyQueue: queue.compare.length,
      pending,
      ...this.#pace.look(this.#done(), { entries: pending, directories }),
      entries: this.#entries,
      bytes: this.#bytes,
      failures: this.#failures,
      lastSynced: this.#lastSynced,
      lastError: this.#lastError,
      feedTrouble: feed.trouble?.message,
    };
  }

  #done(): Done {
    return { entries: this.#entries, bytes: this.#bytes, directories: this.#directories };
  }

  retries(limit?: number): RetryItem[] {
    return this.#parts.queue.retries(limit);
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
    const taken = this.#collect(this.#position);
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

  #collect(from: Position): Taken {
    const set = new DirtySet();
    const gaps = new Map<string, FileId>();
    let next = from;
    while (set.size < mostNames) {
      const { records, next: after } = this.#parts.feed.read(next);
      next = after;
      if (records.length === 0) break;
      for (const record of records)
        if ((record.kinds & dirty.gap) === 0) set.add(record);
        else gaps.set(keyOf(record.directory), Buffer.from(record.directory));
    }
    // One without a directory: records were lost.
    const directories = [...gaps.values()].map((id) => (id.length === 0 ? this.#parts.tree.rootId : id));
    return { names: set.names(), gaps: directories, next };
  }

  // What changes is visible at once, but made durable together: while changes keep coming, the destination syncs some times a second.
  async #follow({ names, gaps, next }: Taken): Promise<Omit<Taken, "names"> & { progress: Progress }> {
    const begun = performance.now();
    try {
      const batch = openBatch(this.#parts);
      for (let fresh: readonly DirtyName[] = names; ;) {
        await batch.apply(fresh);
        if (names.length >= mostNames || performance.now() - begun >= syncEveryMs) break;
        const more = this.#collect(next);
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
    this.#directories += directories.length;
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
    const pending = step.differences.length === 0 ? new Set<string>() : await this.#pendingNames();
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

  // What differs because it was changed just now comes by itself: names, and objects, whatever they are called.
  async #pendingNames(): Promise<ReadonlySet<string>> {
    const end = await this.#parts.feed.drain();
    const pending = new Set<string>();
    for (let at = this.#position; comparePositions(at, end) < 0;) {
      const { records, next } = this.#parts.feed.read(at);
      for (const { directory, name, object } of records)
        pending.add(nameKey(directory, name)).add(keyOf(directory)).add(keyOf(object));
      if (records.length === 0) break;
      at = next;
    }
    return pending;
  }

  // A destination that is full or broken gets the same batch again and again; nothing is given up.
  async #apply(names: readonly DirtyName[]): Promise<Progress> {
    this.#applying = names.length;
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

  #note({ crawl, failures, entries, bytes }: BatchOutcome): Progress {
    this.#applying = 0;
    this.#entries += entries;
    this.#bytes += bytes;
    this.#pace.note(this.#done());
    return { crawl, failed: this.#noteFailures(failures) };
  }

  #noteFailures(failures: readonly Failure[]): readonly Failure[] {
    this.#failures += failures.length;
    for (const { name, code, message } of failures) {
      this.#lastError = `${JSON.stringify(name.toString())}: ${code}: ${message}`;
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

function directoryAt(tree: SourceTree, path: Buffer): FileId {
  if (path.length === 0) return tree.rootId;
  const fd = openat2(tree.root, path, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  try {
    return fileIdAt(fd, "");
  } finally {
    close(fd);
  }
}

const nameKey = (directory: FileId, name: Buffer): string => `${keyOf(directory)}/${keyOf(name)}`;

function toRenewed({ directory, name }: NamePlace): DirtyName {
  return { directory, name, kinds: dirty.renew | dirty.entry | dirty.metadata, objects: new Map() };
}

function toDirtyName({ directory, name }: RetryItem): DirtyName {
  return { directory, name, kinds: dirty.entry | dirty.data | dirty.metadata, objects: new Map() };
}
