import {
  openFuseAbort,
  processIdentity,
  silentLogger,
  stopLadder,
  type Logger,
  type MountEntry,
  type ProcessIdentity,
  type StopOptions,
} from "@belay/supervise";
import { clearMountpoint } from "./clear-mountpoint.ts";

/** A server that runs. */
export interface Server {
  readonly mountpoint: string;
  readonly mount: MountEntry;
  /** Undefined when the mount is there but its server is not, or not ours to see. */
  readonly process: ProcessIdentity | undefined;
  /**
   * Unmounts and ends the server, whatever state it is in; see stopLadder. Once for all callers.
   *
   * @throws what the last of the failing steps threw
   */
  stop(options?: StopOptions): Promise<void>;
}

/** A server from its mount and its process. The switch that aborts the connection is opened now, while all is well. */
export function makeServer(mount: MountEntry, pid: number | undefined, logger: Logger = silentLogger): Server {
  const identity = pid === undefined ? undefined : processIdentity(pid);
  const fuseAbort = openFuseAbort(mount, logger);
  const mountpoint = mount.point.toString();
  const stopWith = async (options: StopOptions): Promise<void> => {
    await stopLadder({ point: mountpoint, server: identity, fuseAbort }, { logger, serverName: "wcfs.go", ...options });
    await clearMountpoint(mountpoint);
  };
  let stopping: Promise<void> | undefined;
  return { mountpoint, mount, process: identity, stop: (options = {}) => (stopping ??= stopWith(options)) };
}
