import { constants } from "node:os";
import { BelayError } from "../errors/belay-error.ts";

/** An AbortSignal that process signals abort. Dispose it to give the signals their default effect back. */
export interface SignalWatch extends Disposable {
  readonly signal: AbortSignal;
  /** The process signal that came first; undefined as long as none did. */
  readonly received: NodeJS.Signals | undefined;
}

/**
 * Turns Ctrl-C and its like into an abort with `ECANCELED`.
 *
 * The second signal is not held back any more: it ends the process at once with the exit code 128 + its number, so an impatient user
 * is never locked in. What the process owned is then found by the next sweep.
 */
export function abortOnSignals(signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"]): SignalWatch {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    if (received !== undefined) process.exit(128 + constants.signals[name]);
    received = name;
    const exitCode = 128 + constants.signals[name];
    controller.abort(
      new BelayError("ECANCELED", `interrupted by ${name}`, { isCanceled: true, signal: name, exitCode }),
    );
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
