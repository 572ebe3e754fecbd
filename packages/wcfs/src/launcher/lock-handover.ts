/** Environment variable by which a server learns which of its descriptors holds the start lock; it closes it when it has mounted. */
export const startLockVariable = "BELAY_WCFS_START_LOCK";

/**
 * The environment of a server that gets the start lock on a descriptor.
 *
 * It has the lock until its mount is there, whatever becomes of who started it: nobody else can start another one in between.
 */
export function withStartLock(fd: number): NodeJS.ProcessEnv {
  return { ...process.env, [startLockVariable]: String(fd) };
}
