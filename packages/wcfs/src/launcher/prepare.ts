import { fuseUnmount, silentLogger, takeStartLock, userError, type FileLock } from "@belay/supervise";
import { attach } from "./attach.ts";
import type { LauncherOptions } from "./launcher-log.ts";
import { ensureMountpoint } from "./mountpoint.ts";

/** A mountpoint at which a server may be started, and the lock that keeps everybody else from doing so. */
export interface Prepared extends Disposable {
  readonly mountpoint: string;
  readonly lock: FileLock;
}

/**
 * Makes the way free for a server: takes the start lock, makes the mountpoint, and unmounts what a server that died has left there.
 *
 * Whether a server runs is only looked at under the lock: one that another process was starting meanwhile is up by then.
 *
 * @param verb  what is being done, for messages
 * @throws BelayError `EALREADY`: a server runs
 */
export async function prepare(verb: string, zurl: string, options: LauncherOptions = {}): Promise<Prepared> {
  const { logger = silentLogger, signal } = options;
  const mountpoint = ensureMountpoint(zurl);
  using stack = new DisposableStack();
  const lock = stack.use(await takeStartLock(mountpoint, { signal }));
  const found = await attach(mountpoint);
  if (found.state === "running") {
    await found.handle.close();
    throw alreadyRunning(verb, zurl);
  }
  if (found.state === "unclean") await fuseUnmount(mountpoint, { logger });
  // Whoever stopped a server in between may have removed it.
  ensureMountpoint(zurl);
  const kept = stack.move();
  return { mountpoint, lock, [Symbol.dispose]: () => kept.dispose() };
}

function alreadyRunning(verb: string, zurl: string): Error {
  return userError("EALREADY", `wcfs: ${verb} ${zurl}: already running`, {
    hint: "wcfs status tells about it, wcfs stop ends it",
  });
}
