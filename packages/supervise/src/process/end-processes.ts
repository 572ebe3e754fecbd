import { BelayError } from "../errors/belay-error.ts";
import { endsWithin } from "./wait-for-end.ts";
import { isAlive, type ProcessIdentity } from "./identity.ts";
import { sendSignal } from "./process-group.ts";

/**
 * The stop ladder for processes: SIGTERM, half of the time, SIGKILL, the other half.
 *
 * @param find  the processes to end; asked again after each step, as they may have started others
 * @param signalAll  how they get a signal; default: each by its id
 * @returns whether there was anything to end
 * @throws BelayError `ESTUCK` when some are still there
 */
export async function endProcesses(
  find: () => readonly ProcessIdentity[],
  { timeoutMs, signalAll = signalEach }: { timeoutMs: number; signalAll?: SignalAll },
): Promise<boolean> {
  let found = find();
  if (found.length === 0) return false;
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const end = performance.now() + timeoutMs / 2;
    do {
      signalAll(signal, found);
      // A stopped process would only take SIGTERM once it runs again.
      if (signal === "SIGTERM") signalAll("SIGCONT", found);
      await Promise.all(found.map((identity) => endsWithin(identity, end - performance.now())));
      found = find();
      if (found.length === 0) return true;
    } while (performance.now() < end);
  }
  const pids = found.map(({ pid }) => pid);
  throw new BelayError("ESTUCK", `processes ${pids.join(", ")} do not end after SIGKILL`, {
    hint: "they wait in the kernel: see /proc/PID/stack; a hung FUSE server is released by belay doctor --fix",
    pids,
  });
}

/** How several processes get a signal. */
export type SignalAll = (signal: NodeJS.Signals, processes: readonly ProcessIdentity[]) => void;

function signalEach(signal: NodeJS.Signals, processes: readonly ProcessIdentity[]): void {
  for (const identity of processes) if (isAlive(identity)) sendSignal(identity.pid, signal);
}
