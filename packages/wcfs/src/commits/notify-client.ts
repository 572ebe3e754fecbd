import { receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { CommitJob, FileRange, KernelCache, StoreJob } from "./kernel-cache.ts";
import { packCommit, packStore } from "./notify-messages.ts";
import type { NotifyReport, NotifyRequest } from "./notify-messages.ts";

type Answer = Extract<NotifyReport, { kind: "done" | "dropped" }>;
type Done = (report: Answer) => void;

/** What the client needs besides the port. */
export interface NotifyClientParts {
  readonly port: MessagePort;
  /** Counted up and notified whenever there is a message: the notify thread sleeps on it. */
  readonly doorbell: Int32Array;
  /** The inbox through which retrieved pages go to the notify thread. */
  onInbox(inbox: SharedArrayBuffer): void;
}

/** The serve thread's side of the notify thread. */
export class NotifyClient implements KernelCache {
  readonly #parts: NotifyClientParts;
  readonly #waiting = new Map<number, Done>();
  #lastId = 0;
  #stores = 0;

  constructor(parts: NotifyClientParts) {
    this.#parts = parts;
  }

  /** Jobs that are not done. */
  get pending(): number {
    return this.#waiting.size;
  }

  store(node: number, job: StoreJob, done: (dropped: boolean) => void): void {
    this.#stores++;
    this.#ask(
      (id) => ({ kind: "store", id, node, ...packStore(job) }),
      ({ kind }) => {
        this.#stores--;
        done(kind === "dropped");
      },
    );
  }

  quiesce(done: () => void): void {
    if (this.#stores === 0) done();
    else this.#ask((id) => ({ kind: "quiesce", id }), done);
  }

  findCached(ranges: readonly FileRange[], done: (cached: readonly boolean[]) => void): void {
    const plain = ranges.map(({ node, offset, length }) => ({ node, offset, length }));
    this.#ask(
      (id) => ({ kind: "find-cached", id, ranges: plain }),
      (report) => done(report.kind === "done" ? (report.cached ?? []) : []),
    );
  }

  invalidate(job: CommitJob, done: (error: Error | undefined) => void): void {
    this.#ask(
      (id) => ({ kind: "commit", id, ...packCommit(job) }),
      (report) => done(report.kind === "done" && report.error !== undefined ? new Error(report.error) : undefined),
    );
  }

  /** Asks the thread to end; what it has not begun is dropped. */
  stop(): void {
    this.#send({ kind: "stop" });
  }

  /** Takes in what the thread has reported. To be called when it has woken the serve thread. */
  drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#parts.port) as { message: NotifyReport } | undefined;
      if (received === undefined) return;
      this.#take(received.message);
    }
  }

  #take(report: NotifyReport): void {
    if (report.kind === "ready") this.#parts.onInbox(report.inbox);
    if (report.kind !== "done" && report.kind !== "dropped") return;
    const done = this.#waiting.get(report.id);
    this.#waiting.delete(report.id);
    done?.(report);
  }

  #ask(request: (id: number) => NotifyRequest, done: Done): void {
    const id = ++this.#lastId;
    this.#waiting.set(id, done);
    this.#send(request(id));
  }

  #send(request: NotifyRequest): void {
    this.#parts.port.postMessage(request);
    Atomics.add(this.#parts.doorbell, 0, 1);
    Atomics.notify(this.#parts.doorbell, 0);
  }
}
