/** Longest delay that Node's timers can take in one go; longer ones are cut to it (24 days). */
export const maxTimerMs = 0x7fffffff;

/**
 * Waits.
 *
 * @param ms  milliseconds; Infinity waits for the signal alone
 * @param signal  ends the wait early
 * @throws the signal's reason
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const timer = setTimeout(done, Math.min(Math.max(ms, 0), maxTimerMs));
    signal?.addEventListener("abort", aborted);
    function done() {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      reject(reasonOf(signal));
    }
  });
}

/** Resolves with the promise's value, or rejects as soon as the signal aborts. The promise itself goes on. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const aborted = () => reject(reasonOf(signal));
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}
