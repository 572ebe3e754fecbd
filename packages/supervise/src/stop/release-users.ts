import { sleep } from "../deadline/sleep.ts";
import type { Logger } from "../log/logger.ts";
import { usesText } from "../mounts/users-of-mount.ts";
import type { MountUser } from "../mounts/types.ts";
import { processIdentity } from "../process/identity.ts";
import { sendSignal } from "../process/process-group.ts";
import type { SharedTime } from "./steps.ts";
import type { StopHooks } from "./types.ts";

/** What releasing the users of a mount takes. */
export interface ReleaseUsers {
  readonly point: string;
  /** Who uses it at the moment of the call. */
  readonly users: () => MountUser[];
  readonly time: SharedTime;
  readonly logger: Logger;
  readonly graceful: boolean;
  readonly hooks: StopHooks;
}

/** How often those who started to use the mount meanwhile are ended too. */
const rounds = 5;

/** Makes those who use the mount end, all at the same time; the calling process is warned about instead. */
export async function releaseUsers(step: ReleaseUsers): Promise<void> {
  const { point, time, logger, graceful, hooks } = step;
  let users = showUsers(step);
  if (users.length === 0) return;
  if (graceful) {
    await hooks.notify?.(users);
    users = await untilUnused(step);
  }
  if (hooks.busy !== undefined) return users.length === 0 ? undefined : hooks.busy(users);
  // A user that ends may have started another in its last moments: a shell goes on with its next command.
  for (let round = 0; round < rounds && users.length > 0; round++) {
    const others = users.filter((user) => user.process.pid !== process.pid);
    if (others.length < users.length) logger.warn(`this process uses ${point} itself: it is not killed`);
    if (others.length === 0) return;
    await Promise.all(others.map((user) => kill(user, time, logger)));
    users = showUsers(step);
  }
}

function showUsers({ users, logger }: ReleaseUsers): MountUser[] {
  const found = users();
  for (const user of found)
    logger.warn(`the mount is still used by ${user.process.text()}:\n${usesText(user).trimEnd()}`);
  return found;
}

// Nothing tells when a file is closed: the users are listed again and again.
async function untilUnused({ users, time }: ReleaseUsers): Promise<MountUser[]> {
  const end = performance.now() + time.limitMs(0.2);
  for (;;) {
    const found = users();
    if (found.length === 0 || performance.now() >= end) return found;
    await sleep(50);
  }
}

async function kill({ process }: MountUser, time: SharedTime, logger: Logger): Promise<void> {
  const name = process.text();
  const identity = processIdentity(process.pid);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    logger.warn(`${name}: <- ${signal}`);
    const isThere = identity !== undefined && process.isAlive() && sendSignal(process.pid, signal);
    if (!isThere || (await time.endsWithin(identity, 0.1))) {
      logger.warn(`${name}: terminated`);
      return;
    }
    logger.warn(`${name}: ${signal === "SIGTERM" ? "is still alive after SIGTERM" : "does not exit after SIGKILL"}`);
  }
}
