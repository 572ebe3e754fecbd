import type { Worker } from "node:worker_threads";
import { errno, ErrnoError, eventfd, eventfdSignal, pollRaw, PollSet } from "@belay/linux";
import { untilAborted, sleep } from "../deadline/sleep.ts";
import { startWorker } from "../workers/start-worker.ts";

/** To the thread. */
export type WatchOrder =
  | { readonly kind: "watch"; readonly id: number; readonly fd: number; readonly events: number }
  | { readonly kind: "forget"; readonly id: number }
  | { readonly kind: "end" };

/** From the thread. */
export interface WatchReport {
  readonly id: number;
  readonly revents: number;
}

/** What the thread is given. */
export interface WatcherData {
  readonly wakeFd: number;
  /** Becomes 1 when the thread has loaded what it makes system calls with. */
  readonly loaded: Int32Array;
}

/** How long the end of the process waits for a thread that is just being started, in milliseconds. */
const loadMs = 1000;

interface Watcher {
  readonly worker: Worker;
  readonly wakeFd: number;
  readonly waiting: Map<number, (revents: number) => void>;
  /** The thread has died; nobody is told of events any more. */
  isLost: boolean;
}

let watcher: Watcher | undefined;
let lastId = 0;

/**
 * Waits until poll(2) finds one of the events at a descriptor that Node's own loop cannot watch (pidfd, mountinfo).
 *
 * What comes within some milliseconds is seen by looking; longer waits are a thread's, one for all. A wait keeps the process alive.
 *
 * @param events  POLLIN, POLLPRI, …; POLLERR and POLLHUP always count
 * @param fd  stays the caller's, who keeps it open until this settles
 * @param pauses  before each look, in milliseconds; then it is the thread's
 * @returns the events found. @throws the signal's reason
 */
export async function waitForEvents(
  fd: number,
  events: number,
  signal?: AbortSignal,
  pauses: readonly number[] = [0, 1, 2, 4, 8, 16],
): Promise<number> {
  for (const pause of pauses) {
    if (pause > 0) await sleep(pause, signal);
    signal?.throwIfAborted();
    const found = look(fd, events);
    if (found !== 0) return found;
  }
  watcher ??= startWatcher();
  const found = watcher.isLost ? lost : await watch(watcher, fd, events, signal);
  return found === lost ? lookAgainAndAgain(fd, events, signal) : found;
}

/** In place of events: the thread has died. */
const lost = -1;

// Where no thread can be had, late is better than never.
async function lookAgainAndAgain(fd: number, events: number, signal?: AbortSignal): Promise<number> {
  for (;;) {
    const found = look(fd, events);
    if (found !== 0) return found;
    await sleep(20, signal);
  }
}

function look(fd: number, events: number): number {
  const set = new PollSet(1);
  set.add(fd, events);
  const ready = pollRaw(set, 0);
  if (ready < 0 && ready !== -errno.EINTR) throw new ErrnoError(-ready, "poll");
  return ready > 0 ? set.revents(0) : 0;
}

async function watch(
  { worker, wakeFd, waiting }: Watcher,
  fd: number,
  events: number,
  signal?: AbortSignal,
): Promise<number> {
  const id = ++lastId;
  const tell = (order: WatchOrder) => {
    worker.postMessage(order);
    eventfdSignal(wakeFd);
  };
  const found = new Promise<number>((resolve) => waiting.set(id, resolve));
  if (waiting.size === 1) worker.ref();
  tell({ kind: "watch", id, fd, events });
  try {
    return await untilAborted(found, signal);
  } finally {
    if (waiting.delete(id)) tell({ kind: "forget", id });
    if (waiting.size === 0) worker.unref();
  }
}

function startWatcher(): Watcher {
  const wakeFd = eventfd();
  const url = new URL("./wait-for-events.worker.ts", import.meta.url);
  const workerData: WatcherData = { wakeFd, loaded: new Int32Array(new SharedArrayBuffer(4)) };
  const { worker, ended } = startWorker("wait-for-events", url, { workerData });
  const waiting = new Map<number, (revents: number) => void>();
  worker.on("message", ({ id, revents }: WatchReport) => {
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve?.(revents);
  });
  const started: Watcher = { worker, wakeFd, waiting, isLost: false };
  const loseAll = () => {
    started.isLost = true;
    for (const resolve of waiting.values()) resolve(lost);
  };
  ended.then(loseAll, loseAll);
  worker.unref();
  // Node waits for its threads at exit: this one has to be woken from poll.
  process.once("exit", () => {
    worker.postMessage({ kind: "end" } satisfies WatchOrder);
    eventfdSignal(wakeFd);
    // A native library whose thread is ended while it is being loaded aborts the process, whatever it was to end with.
    if (!started.isLost) Atomics.wait(workerData.loaded, 0, 0, loadMs);
  });
  return started;
}
