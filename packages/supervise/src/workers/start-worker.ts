import { getAsset, isSea } from "node:sea";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** A worker thread whose scope ends it. */
export interface OwnedWorker extends AsyncDisposable {
  readonly worker: Worker;
  /** Exit code of the thread; rejects with the error nobody caught in it. */
  readonly ended: Promise<number>;
}

/** What a worker gets, besides Node's own options. */
export interface StartWorkerOptions extends WorkerOptions {
  /**
   * Asks the worker to end by itself (a message, an eventfd); it has `graceMs` for it before the thread is terminated. A thread that
   * is blocked in a system call cannot be terminated: it has to be asked.
   */
  readonly askToEnd?: (worker: Worker) => void;
  /** Milliseconds; default 2000. */
  readonly graceMs?: number;
}

/**
 * Starts a worker thread.
 *
 * @param name  of the worker: its source is `<name>.worker.ts`, in the single executable the asset `<name>.worker.cjs`
 * @param url  of the source file, `new URL("./<name>.worker.ts", import.meta.url)`; not looked at in the single executable
 */
export function startWorker(name: string, url: URL, options: StartWorkerOptions = {}): OwnedWorker {
  const { askToEnd, graceMs = 2000, ...rest } = options;
  // Not the flags of this process: with some (`--input-type`, `--eval`) a thread does not start, and none is needed.
  const threadOptions: WorkerOptions = { name, execArgv: [], ...rest };
  const worker = isSea()
    ? new Worker(getAsset(`${name}.worker.cjs`, "utf8"), { ...threadOptions, eval: true })
    : new Worker(url, threadOptions);
  const ended = new Promise<number>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", resolve);
  });
  ended.catch(() => undefined); // whoever wants to know awaits `ended`
  const end = async () => {
    if (askToEnd !== undefined) await endsBySelf(worker, ended, askToEnd, graceMs);
    await worker.terminate();
  };
  let ending: Promise<void> | undefined;
  return { worker, ended, [Symbol.asyncDispose]: () => (ending ??= end()) };
}

async function endsBySelf(
  worker: Worker,
  ended: Promise<number>,
  ask: (worker: Worker) => void,
  graceMs: number,
): Promise<void> {
  const grace = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => grace.resolve(undefined), graceMs);
  ask(worker);
  await Promise.race([ended.catch(() => 1), grace.promise]);
  clearTimeout(timer);
}
