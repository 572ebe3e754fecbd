import { rmdirSync } from "node:fs";
import { MNT_FORCE, umount2, UMOUNT_NOFOLLOW } from "@belay/linux";
import { hasCode } from "../errors/belay-error.ts";
import { silentLogger, type Logger } from "../log/logger.ts";
import { fuseUnmount, FuseUnmountError } from "../mounts/fuse-unmount.ts";
import { isMountpoint } from "../mounts/mount-table.ts";
import type { MountUser } from "../mounts/types.ts";
import { isAlive, type ProcessIdentity } from "../process/identity.ts";
import { sendSignal } from "../process/process-group.ts";
import { waitForEnd } from "../process/wait-for-end.ts";
import { releaseUsers } from "./release-users.ts";
import { createSharedTime, createSteps, type SharedTime, type Steps } from "./steps.ts";
import { stuckDump } from "./stuck-dump.ts";
import type { StopOptions, StopTarget } from "./types.ts";
import { watchUsers } from "./watch-users.ts";

const defaultTotalMs = 25_000;

/** What the rungs have in common. */
interface Ladder {
  readonly target: StopTarget;
  readonly options: StopOptions;
  readonly logger: Logger;
  readonly time: SharedTime;
  readonly name: string;
  readonly serverName: string;
}

/**
 * Stops a FUSE server and unmounts its file system, by ever harder means:
 *
 * 1. unmount; 2. if that fails SIGTERM (0.2 T), 3. abort the FUSE connection; 4. wait for the server's end (0.2 T), 5. SIGQUIT (0.2 T),
 * 6. SIGKILL (0.2 T), 7. wait on, or `hooks.stuck`; 8. end the users of the mount, also when the server has only taken its name away (0.1 T
 * each for SIGTERM and SIGKILL; never the calling process); 9. unmount once more; 10. remove the directory.
 *
 * The abort matters: a process that waits for the answer to a FUSE request survives even SIGKILL until it comes.
 * The steps from 4 on run whatever becomes of those before; the last error is thrown.
 *
 * When it returns normally the mount, its directory and the server are gone, and nobody is left on the old mount (with `lazy`:
 * somebody may be). Call it once for each server.
 */
export async function stopLadder(target: StopTarget, options: StopOptions = {}): Promise<void> {
  const { timeoutMs = defaultTotalMs, signal, logger = silentLogger, name = "wcfs", serverName = name } = options;
  using time = createSharedTime(timeoutMs, signal);
  const steps = createSteps(logger);
  const ladder: Ladder = { target, options, logger, time, name, serverName };
  const { point, server, fuseAbort } = target;
  logger.info(`unmount/stop ${name} ${server === undefined ? "(not running)" : `pid${server.pid}`} @ ${point}`);
  let users: () => MountUser[] = () => [];
  try {
    const unmounted = await steps.run(() => unmount(ladder));
    if (unmounted !== true) {
      users = (await steps.run(() => watchUsers(point, logger))) ?? users;
      await steps.run(() => unblock(ladder));
    }
    if (server !== undefined) await steps.run(() => endServer(ladder, server));
  } finally {
    fuseAbort?.[Symbol.dispose]();
  }
  await freeMount(ladder, steps, users);
  await steps.run(() => removeDirectory(point));
  steps.finish();
}

// An unmount that is refused is what the ladder is for; any other error is told in the end.
async function unmount({ target: { point }, logger }: Ladder): Promise<boolean> {
  if (!isMountpoint(point)) return true;
  try {
    await fuseUnmount(point, { logger });
    return true;
  } catch (error) {
    if (error instanceof FuseUnmountError) return false;
    throw error;
  }
}

async function unblock(ladder: Ladder): Promise<void> {
  const { target, logger, serverName, time } = ladder;
  const { server } = target;
  if (server !== undefined) {
    logger.warn(`-> kill -TERM ${serverName} ...`);
    signalServer(server, "SIGTERM");
    if (await time.endsWithin(server, 0.2)) return;
    warnAlive(ladder, "");
  }
  logger.warn("-> abort FUSE connection ...");
  abort(target, logger);
}

function abort({ fuseAbort, point }: StopTarget, logger: Logger): void {
  if (fuseAbort !== undefined) fuseAbort.abort();
  else if (process.geteuid?.() === 0) forceUnmount(point);
  else logger.warn("the FUSE connection cannot be aborted: its control file was not there");
}

// For FUSE this aborts the connection, then tries to unmount: where fusectl is missing root still has this.
function forceUnmount(point: string): void {
  try {
    umount2(point, MNT_FORCE | UMOUNT_NOFOLLOW);
  } catch (error) {
    if (!hasCode(error, "EBUSY", "EINVAL")) throw error;
  }
}

async function endServer(ladder: Ladder, server: ProcessIdentity): Promise<void> {
  const { time, logger, serverName, options } = ladder;
  if (await time.endsWithin(server, 0.2)) return;
  warnAlive(ladder, "");
  for (const signal of ["QUIT", "KILL"] as const) {
    logger.warn(`-> kill -${signal} ${serverName} ...`);
    signalServer(server, `SIG${signal}`);
    if (await time.endsWithin(server, 0.2)) return;
    const stuck = signal === "KILL" ? "; probably it is stuck in kernel" : "";
    warnAlive(ladder, ` (after SIG${signal}${stuck})`);
  }
  logger.warn("-> nothing we can do...");
  await (options.hooks?.stuck?.() ?? waitForEnd(server));
}

function warnAlive({ logger, serverName, name, target }: Ladder, detail: string): void {
  logger.warn(`${serverName} does not exit${detail}`);
  logger.warn(stuckDump(name, target.server, target.point));
}

function signalServer(server: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(server)) sendSignal(server.pid, signal);
}

async function freeMount(ladder: Ladder, steps: Steps, users: () => MountUser[]): Promise<void> {
  const { target, options, time, logger } = ladder;
  const { point } = target;
  const { lazy = false, graceful = false, hooks = {} } = options;
  if (!lazy) await steps.run(() => releaseUsers({ point, users, time, logger, graceful, hooks }));
  if (await steps.run(() => isMountpoint(point))) {
    logger.warn("last unmount try");
    await steps.run(() => hooks.lastTry?.() ?? fuseUnmount(point, { logger, lazy }));
  }
}

function removeDirectory(point: string): void {
  try {
    rmdirSync(point);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
