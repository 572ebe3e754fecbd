import { BelayError, untilAborted } from "@belay/supervise";

import { comparePositions } from "../journal/position.ts";
import { directoryAt } from "../sources/directory-at.ts";
import { pathInTree } from "../sources/path-in-tree.ts";
import type { Difference } from "../tree/compare.ts";
import type { Parts } from "./parts.ts";
import { Report } from "./report.ts";
import type { WorkerStatus } from "./status.ts";
import { Verifier } from "./verifier.ts";
import { WorkLoop } from "./work-loop.ts";
import type { RetryPlace, Worker, WorkerOptions } from "./worker.ts";

/** A worker at work, see {@link Worker}. */
export class RunningWorker implements Worker {
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  readonly ended: Promise<void>;
  readonly #report: Report;
  readonly #verifier: Verifier;
  readonly #loop: WorkLoop;
  #waiting: (() => void)[] = [];
  #isOver = false;

  constructor(parts: Parts, options: WorkerOptions) {
    this.#parts = parts;
    this.#report = new Report(parts, options.logger, () => options.onStatus?.(this.status));
    this.#verifier = new Verifier(parts);
    const [report, verifier] = [this.#report, this.#verifier];
    this.#loop = new WorkLoop(parts, { options, report, verifier, onProgress: () => this.#progressed() });
    parts.feed.onAppend = () => {
      this.#report.behindSince ??= performance.now();
      this.#loop.poke();
    };
    parts.secondary.silence.onChange = (ms) => this.#report.noteSilence(ms);
    this.ended = this.#run();
    this.ended.catch(() => undefined); // whoever wants to know awaits it
  }

  get status(): WorkerStatus {
    return this.#report.status(this.#loop.isPaused, this.#loop.applying, this.#loop.hot.waiting);
  }

  retries(limit?: number): RetryPlace[] {
    const { queue, tree } = this.#parts;
    return queue.retries(limit).map((item) => ({ ...item, path: pathInTree(tree, item.directory, item.name) }));
  }

  retryNow(): void {
    this.#parts.queue.retryNow();
    this.#loop.poke();
  }

  resync(path: Buffer): void {
    const { tree, queue } = this.#parts;
    queue.record({ crawl: [directoryAt(tree, path)] });
    this.#loop.queued();
    this.#report.behindSince ??= performance.now();
  }

  pause(): void {
    this.#loop.isPaused = true;
  }

  resume(): void {
    this.#loop.isPaused = false;
    this.#loop.poke();
  }

  async verify(signal?: AbortSignal): Promise<readonly Difference[]> {
    this.#verifier.beginWhole(true);
    this.#loop.poke();
    return this.#verifier.result(signal);
  }

  async checkpoint(signal?: AbortSignal, { verify = false } = {}): Promise<void> {
    await this.#passed(signal);
    if (!verify && !this.#parts.policy.verifiesCheckpoints) return;
    this.#verifier.beginApplied();
    this.#loop.poke();
    await this.#verifier.result(signal);
    await this.#passed(signal);
  }

  async #passed(signal?: AbortSignal): Promise<void> {
    // What is asked of a feed that is closed, or about to be, fails with less than why the worker ended.
    await (this.#isOver ? this.ended : undefined);
    this.#stop.signal.throwIfAborted();
    const target = await untilAborted(this.#parts.feed.drain(), signal);
    let held: number | undefined;
    for (;;) {
      const { position, hot, hasNoRest } = this.#loop;
      if (comparePositions(position, target) >= 0) {
        // What changes from now on is not waited for, even if that never ends.
        if (held === undefined) {
          held = hot.hurry();
          this.#loop.poke();
        }
        if (hasNoRest && hot.isDone(held)) return;
      }
      const progress = Promise.withResolvers<undefined>();
      this.#waiting.push(() => progress.resolve(undefined));
      await untilAborted(Promise.race([progress.promise, this.ended]), signal);
      this.#stop.signal.throwIfAborted();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("ended"));
    await this.ended.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { feed, secondary, owned } = this.#parts;
    const lost = Promise.race([feed.failed, secondary.lost]).then((error) => {
      throw error;
    });
    try {
      await Promise.race([this.#loop.run(signal), lost]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isOver = true;
      this.#loop.end();
      this.#verifier.fail(new BelayError("ECANCELED", "the worker has ended", { isCanceled: true }));
      this.#progressed();
      await owned[Symbol.asyncDispose]();
    }
  }

  #progressed(): void {
    for (const tell of this.#waiting.splice(0)) tell();
    this.#report.tellSometimes();
  }
}
