import { Deadline } from "../deadline/deadline.ts";
import { silentLogger, type Logger } from "../log/logger.ts";
import { waitForEnd } from "../process/wait-for-end.ts";
import type { ProcessIdentity } from "../process/identity.ts";

/** The time that all steps share. */
export interface SharedTime extends Disposable {
  /** Waits until the process has ended, at most `share` of the whole time. @returns whether it has */
  endsWithin(process: ProcessIdentity, share: number): Promise<boolean>;
  /** Milliseconds a step may take that wants `share` of the whole time. */
  limitMs(share: number): number;
}

/** A wait is never shorter, even if the time is over: what was signalled needs a moment to end. */
const leastMs = 100;

export function createSharedTime(totalMs: number, signal: AbortSignal | undefined): SharedTime {
  const deadline = Deadline.after(totalMs, { signal });
  const limitMs = (share: number) => (deadline.expired ? leastMs : Math.min(share * totalMs, deadline.remainingMs));
  return {
    limitMs,
    endsWithin: (process, share) => endsBefore(process, limitMs(share), deadline),
    [Symbol.dispose]: () => deadline[Symbol.dispose](),
  };
}

async function endsBefore(process: ProcessIdentity, ms: number, deadline: Deadline): Promise<boolean> {
  using limit = Deadline.after(ms, deadline.expired ? {} : { signal: deadline.signal });
  try {
    await waitForEnd(process, limit.signal);
    return true;
  } catch (error) {
    if (limit.signal.aborted) return false;
    throw error;
  }
}

/** Runs steps that must all run, whatever becomes of the ones before. */
export interface Steps {
  run<T>(step: () => T | Promise<T>): Promise<T | undefined>;
  /** @throws the error of the last step that failed */
  finish(): void;
}

export function createSteps(logger: Logger = silentLogger): Steps {
  let failure: { error: unknown } | undefined;
  return {
    async run(step) {
      try {
        return await step();
      } catch (error) {
        if (failure) logger.warn(String(failure.error)); // replaced by the later one: not to be lost
        failure = { error };
        return undefined;
      }
    },
    finish() {
      if (failure) throw failure.error;
    },
  };
}
