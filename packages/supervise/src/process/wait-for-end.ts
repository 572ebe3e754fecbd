import { closeSync } from "node:fs";
import { errno, ErrnoError, pidfdOpen, POLLIN } from "@belay/linux";
import { sleep } from "../deadline/sleep.ts";
import { waitForEvents } from "../events/wait-for-events.ts";
import { isAlive, type ProcessIdentity } from "./identity.ts";

/**
 * Waits until a process, whoever's child it is, runs no more (gone or a zombie). Returns at once when it does not run now.
 *
 * Through a pidfd; where the kernel gives none (before 5.3, or forbidden in a container) /proc is read every 10 ms.
 *
 * @throws the signal's reason
 */
export async function waitForEnd(identity: ProcessIdentity, signal?: AbortSignal): Promise<void> {
  const pidfd = openPidfd(identity.pid);
  try {
    // Only now: a pidfd opened for this id belongs to our process only if that one still lives afterwards.
    while (isAlive(identity)) {
      if (pidfd === undefined) await sleep(10, signal);
      else await waitForEvents(pidfd, POLLIN, signal);
    }
  } finally {
    if (pidfd !== undefined) closeSync(pidfd);
  }
}

/** As {@link waitForEnd}, with a time limit. @returns whether it ended within it */
export async function endsWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const limit = AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
  try {
    await waitForEnd(identity, limit);
    return true;
  } catch (error) {
    if (limit.aborted) return false;
    throw error;
  }
}

function openPidfd(pid: number): number | undefined {
  try {
    return pidfdOpen(pid);
  } catch (error) {
    const withoutPidfd: number[] = [errno.ENOSYS, errno.EPERM, errno.ESRCH, errno.EINVAL];
    if (error instanceof ErrnoError && withoutPidfd.includes(error.errno)) return undefined;
    throw error;
  }
}
