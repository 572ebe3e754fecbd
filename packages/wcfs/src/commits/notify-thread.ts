import type { MessagePort } from "node:worker_threads";
import { receiveMessageOnPort } from "node:worker_threads";
import { NotifyChannel, RetrieveInbox } from "@belay/fuse";
import { eventfdSignal, pageSize } from "@belay/linux";
import { ConnectionEnded, NotifyJobs } from "./notify-jobs.ts";
import type { NotifyReport, NotifyRequest } from "./notify-messages.ts";
import { NotifyQueue } from "./notify-queue.ts";
import type { NotifyJob } from "./notify-queue.ts";

/** What the notify thread is started with. */
export interface NotifyThreadData {
  /** The mount's /dev/fuse descriptor, or a clone of it. */
  readonly fuseFd: number;
  readonly mountpoint: string;
  readonly port: MessagePort;
  /** First word: counted up for every message. Second word: not 0 when the thread shall end. */
  readonly doorbell: Int32Array;
  /** The eventfd that wakes the serve thread. */
  readonly wakeFd: number;
}

/** Tells the thread, from any other, to end after its present step. */
export function ringToStop(doorbell: Int32Array): void {
  Atomics.store(doorbell, 1, 1);
  Atomics.add(doorbell, 0, 1);
  Atomics.notify(doorbell, 0);
}

/**
 * The life of the notify thread: takes requests from the port and carries them out, one at a time, until it is told to stop or the
 * connection has ended. Blocks.
 */
export function runNotifyThread(data: NotifyThreadData): void {
  if (isToldToStop(data)) return;
  using channel = new NotifyChannel(data.fuseFd);
  const inbox = new RetrieveInbox(pageSize());
  const jobs = new NotifyJobs(channel, inbox, data.mountpoint);
  const queue = new NotifyQueue();
  const report = (message: NotifyReport) => {
    data.port.postMessage(message);
    eventfdSignal(data.wakeFd);
  };

  report({ kind: "ready", inbox: inbox.shared });
  while (takeMessages(data, queue, report)) {
    const request = queue.next();
    if (request === undefined) continue;
    try {
      report(carryOut(jobs, request));
    } catch (error) {
      if (!(error instanceof ConnectionEnded)) throw error;
      report({ kind: "ended" });
      return;
    }
  }
}

function isToldToStop({ doorbell }: NotifyThreadData): boolean {
  return Atomics.load(doorbell, 1) !== 0;
}

/** Takes in all requests there are; sleeps until there is one if nothing is to be done. @returns false when it is time to stop */
function takeMessages(data: NotifyThreadData, queue: NotifyQueue, report: (message: NotifyReport) => void): boolean {
  for (;;) {
    // Read first: a ring after it ends the wait at once.
    const rung = Atomics.load(data.doorbell, 0);
    if (isToldToStop(data)) return false;
    if (receiveAll(data.port, queue, report) || queue.size > 0) return !queue.stopped;
    Atomics.wait(data.doorbell, 0, rung);
  }
}

function receiveAll(port: MessagePort, queue: NotifyQueue, report: (message: NotifyReport) => void): boolean {
  let any = false;
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: NotifyRequest } | undefined;
    if (received === undefined) return any;
    any = true;
    for (const id of queue.add(received.message)) report({ kind: "dropped", id });
  }
}

function carryOut(jobs: NotifyJobs, request: NotifyJob): NotifyReport {
  const done = { kind: "done", id: request.id } as const;
  if (request.kind === "quiesce") return done;
  if (request.kind === "find-cached") return { ...done, cached: jobs.findCached(request.ranges) };
  try {
    if (request.kind === "store") jobs.store(request.node, request);
    else jobs.commit(request);
    return done;
  } catch (error) {
    if (error instanceof ConnectionEnded) throw error;
    return { ...done, error: String(error) };
  }
}
