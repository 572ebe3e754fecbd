import { close, eventfd, eventfdTake } from "@belay/linux";
import { startWorker, type OwnedWorker } from "@belay/supervise";

import { cloneFuseFd } from "../mount/device.ts";
import type { FuseServer } from "../serve/fuse-server.ts";
import type { Watch } from "../serve/serve-loop.ts";
import type { NotifierData, NotifyJob, NotifyStep } from "./notify-step.ts";
import { ResultRing } from "./result-ring.ts";
import { RetrieveInbox } from "./retrieve-inbox.ts";

/** Told the results of a job's steps, in order: 0 or -errno each. */
export type JobDone = (results: readonly number[]) => void;

interface Job {
  readonly steps: readonly NotifyStep[];
  readonly done: JobDone | undefined;
  readonly results: number[];
}

/** Steps whose results may be on their way at a time. */
const capacity = 1024;

/** Bytes of one RETRIEVE; larger ones are split. */
const retrieveCapacity = 1 << 20;

/**
 * Notifications from the serving thread, which must not send them itself: they wait for pages that only its replies
 * release.
 *
 * Jobs run in a thread of their own, first in, first out, each to its end before the next. Results come back on the
 * serving thread, inside its loop. When a step fails the following ones of its job are done all the same.
 *
 * For work that mixes notifications with other things, use a worker of your own with `NotifyChannel` and `RetrieveInbox`.
 */
export class Notifier implements AsyncDisposable {
  readonly #fd: number;
  readonly #doneFd = eventfd();
  readonly #ring = new ResultRing(capacity);
  readonly #worker: OwnedWorker;
  readonly #watch: Watch;
  readonly #jobs = new Map<number, Job>();
  readonly #waiting: [number, Job][] = [];
  #nextId = 1;
  #outstanding = 0;

  /** @param server  whose connection to notify, and on whose loop results are told */
  constructor(server: FuseServer) {
    this.#fd = cloneFuseFd(server.fd);
    const inbox = new RetrieveInbox(retrieveCapacity);
    server.addInbox(inbox);
    const workerData: NotifierData = {
      fd: this.#fd,
      ring: this.#ring.shared,
      inbox: inbox.shared,
      doneFd: this.#doneFd,
    };
    const source = new URL("./fuse-notifier.worker.ts", import.meta.url);
    this.#worker = startWorker("fuse-notifier", source, {
      workerData,
      askToEnd: (worker) => worker.postMessage("end"),
    });
    this.#watch = server.loop.watch(this.#doneFd, () => this.#takeResults());
  }

  /** Rejects when the thread fails: notifications are then no longer sent. */
  get ended(): Promise<number> {
    return this.#worker.ended;
  }

  /** Jobs that are not done. */
  get pending(): number {
    return this.#jobs.size;
  }

  /**
   * Queues a job. Bytes in it are copied here and now.
   *
   * @param done  called on the serving thread, inside its loop
   */
  run(steps: readonly NotifyStep[], done?: JobDone): void {
    if (steps.length === 0 || steps.length > capacity) throw new RangeError(`a job has 1 to ${capacity} steps`);
    const id = this.#nextId++;
    const job: Job = { steps, done, results: [] };
    this.#jobs.set(id, job);
    this.#waiting.push([id, job]);
    this.#post();
  }

  /** INVAL_INODE, see {@link NotifyChannel.invalInode}. */
  invalInode(nodeid: number, offset = 0, length = 0, done?: (result: number) => void): void {
    this.run([{ kind: "invalInode", nodeid, offset, length }], single(done));
  }

  /** INVAL_ENTRY, see {@link NotifyChannel.invalEntry}. */
  invalEntry(parent: number, name: string | Uint8Array, flags = 0, done?: (result: number) => void): void {
    this.run([{ kind: "invalEntry", parent, name, flags }], single(done));
  }

  /** STORE, see {@link NotifyChannel.store}. */
  store(nodeid: number, offset: number, data: Uint8Array, done?: (result: number) => void): void {
    this.run([{ kind: "store", nodeid, offset, sources: [data] }], single(done));
  }

  /**
   * Ends the thread after the jobs it has. While pages are waited for, the connection must be served or have ended, or
   * this waits too.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch.stop();
    await this.#worker[Symbol.asyncDispose]();
    close(this.#doneFd);
    close(this.#fd);
  }

  #post(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (!first || this.#outstanding + first[1].steps.length > capacity) return;
      this.#waiting.shift();
      this.#outstanding += first[1].steps.length;
      const job: NotifyJob = { id: first[0], steps: first[1].steps };
      this.#worker.worker.postMessage(job);
    }
  }

  #takeResults(): void {
    eventfdTake(this.#doneFd);
    for (let pair = this.#ring.take(); pair; pair = this.#ring.take()) this.#result(...pair);
    this.#post();
  }

  #result(id: number, result: number): void {
    this.#outstanding--;
    const job = this.#jobs.get(id);
    if (!job) return;
    job.results.push(result);
    if (job.results.length < job.steps.length) return;
    this.#jobs.delete(id);
    job.done?.(job.results);
  }
}

function single(done: ((result: number) => void) | undefined): JobDone | undefined {
  return done && (([result = 0]) => done(result));
}
