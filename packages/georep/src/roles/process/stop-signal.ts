import { BelayError } from "@belay/supervise";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** When a role is told to end. */
export interface StopSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Ends the role for another reason. */
  stop(why: string): void;
}

/**
 * Takes the signals that end a role. They come more than once: to the whole group from whoever stops a session, then from the process above
 * that lets its children go; who is in the midst of letting go must not be torn out of it. Whoever loses patience has SIGKILL.
 */
export function stopOnSignals(): StopSignal {
  const controller = new AbortController();
  const stop = (why: string) => controller.abort(new BelayError("ECANCELED", why, { isCanceled: true }));
  const onSignal = (name: NodeJS.Signals) => stop(`ended by ${name}`);
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop,
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}

/** Resolves once a signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
