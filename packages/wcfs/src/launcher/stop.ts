import {
  MountTable,
  removeStartLock,
  silentLogger,
  takeStartLock,
  userError,
  type FileLock,
  type StopOptions,
} from "@belay/supervise";
import { removeMountpoint } from "./clear-mountpoint.ts";
import { findServers } from "./find-server.ts";
import { mountText } from "./mount-text.ts";
import { mountpointOf } from "./mountpoint.ts";
import { makeServer } from "./server.ts";

/**
 * Unmounts and ends the server of a database. Nothing to do when none is mounted.
 *
 * Only the name of the mountpoint is derived: a file system whose server is stuck is not touched before its connection is aborted.
 *
 * @throws BelayError `EMOUNTS`, `ESERVERS` when there are several; what the stop ladder throws
 */
export async function stop(zurl: string, options: StopOptions = {}): Promise<void> {
  const { logger = silentLogger } = options;
  logger.info(`stop ${zurl} ...`);
  const mountpoint = mountpointOf(zurl);
  using held = new DisposableStack();
  const lock = held.use(await lockFor(mountpoint));
  await stopMounted(mountpoint, options);
  if (lock !== undefined) removeStartLock(lock);
}

async function stopMounted(mountpoint: string, options: StopOptions): Promise<void> {
  const { logger = silentLogger } = options;
  const table = MountTable.read();
  if (table.at(mountpoint).length === 0) {
    logger.info("not mounted");
    removeMountpoint(mountpoint);
    return;
  }
  const mount = table.only(mountpoint);
  logger.info(`mount entry: ${mountText(mount)}`);
  const [server, ...more] = findServers(mount, logger);
  if (more.length > 0)
    throw userError("ESERVERS", `several processes serve ${mountpoint}`, { hint: "belay doctor tells about them" });
  if (server !== undefined) logger.info(`served by ${server.text()}`);
  await makeServer(mount, server?.pid, logger).stop(options);
}

const lockMs = 1000;

// So that the mountpoint is not removed between being made and being mounted on. Stopping must not depend on whoever is starting, though.
async function lockFor(mountpoint: string): Promise<FileLock | undefined> {
  try {
    return await takeStartLock(mountpoint, { signal: AbortSignal.timeout(lockMs) });
  } catch {
    return undefined;
  }
}
