import { setTimeout as delay } from "node:timers/promises";
import { endProcesses } from "./end-processes.ts";
import { processEnded } from "./process-error.ts";
import { groupMembers, sendSignal } from "./process-group.ts";
import type { ProcessIdentity } from "./identity.ts";
import type { ExitStatus } from "./types.ts";

/** What stopping a child of ours takes. */
export interface StoppableChild {
  readonly leads: boolean;
  readonly kill: (signal: NodeJS.Signals) => boolean;
  /** Settles when the child has ended. */
  readonly ended: Promise<ExitStatus>;
  readonly timeoutMs: number;
}

/**
 * SIGTERM, half of the time, SIGKILL, the other half; then what is left of its group, in the same way.
 *
 * @throws ProcessError when the child does not end at all
 */
export async function stopChild(
  argv: readonly string[],
  identity: ProcessIdentity,
  child: StoppableChild,
): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if ((await endsIn(child.ended, 0)) === undefined) {
      child.kill(signal);
      child.kill("SIGCONT"); // one that is stopped would take SIGTERM only when it runs again
    }
    if ((await endsIn(child.ended, child.timeoutMs / 2)) === undefined) continue;
    if (child.leads) await endOrphans(identity.pid, child.timeoutMs);
    return;
  }
  const why = { timedOut: true, isCanceled: false };
  throw processEnded(argv, { code: undefined, signal: undefined }, why, Buffer.from("it does not end after SIGKILL"));
}

// The number of a group is not given again while it has members, and we come straight after its leader's end.
async function endOrphans(pgid: number, timeoutMs: number): Promise<void> {
  const signalAll = (signal: NodeJS.Signals) => void sendSignal(-pgid, signal);
  await endProcesses(() => groupMembers(pgid), { timeoutMs, signalAll });
}

async function endsIn(ended: Promise<ExitStatus>, ms: number): Promise<ExitStatus | undefined> {
  const timer = new AbortController();
  const over = delay(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  const first = await Promise.race([ended, over]);
  timer.abort();
  return first ?? undefined;
}
