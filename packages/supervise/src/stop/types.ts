import type { Logger } from "../log/logger.ts";
import type { FuseAbort } from "../mounts/fuse-abort.ts";
import type { MountUser } from "../mounts/types.ts";
import type { ProcessIdentity } from "../process/identity.ts";

/** A FUSE mount and who serves it. */
export interface StopTarget {
  readonly point: string;
  /** The process that serves the mount; undefined when it is not known. */
  readonly server: ProcessIdentity | undefined;
  /** The connection's switch, opened while all was well; the ladder closes it. */
  readonly fuseAbort: FuseAbort | undefined;
}

/** How the ladder is climbed. */
export interface StopOptions {
  /** Milliseconds for everything, T; default 25 000. Infinity: each step waits without limit. */
  readonly timeoutMs?: number;
  /** When it aborts (or the time is over) the ladder does not end: the remaining waits shrink to 0.1 s each. */
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger;
  /** What is stopped, in messages; default `wcfs`. */
  readonly name?: string;
  /** What its server is called in messages; default: as `name`. */
  readonly serverName?: string;
  /** Leaves the users of the mount alone, on a file system that is dead, and only takes the name away (`-z`). */
  readonly lazy?: boolean;
  /** Gives the users of the mount 0.2 T to let go by themselves (see `hooks.notify`) before they are killed. */
  readonly graceful?: boolean;
  readonly hooks?: StopHooks;
}

/** What may be done instead at some steps. */
export interface StopHooks {
  /** The server does not end after SIGKILL. Default: wait for it without limit. */
  readonly stuck?: () => Promise<void>;
  /** The mount is in use. Default: kill the users. */
  readonly busy?: (users: readonly MountUser[]) => Promise<void>;
  /** With `graceful`: tells the users that the mount goes. */
  readonly notify?: (users: readonly MountUser[]) => Promise<void>;
  /** The last try to unmount. Default: unmount once more. */
  readonly lastTry?: () => Promise<void>;
}
