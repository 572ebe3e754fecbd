import { MountTable, silentLogger } from "@belay/supervise";
import { prepare, type Prepared } from "./prepare.ts";
import { makeServer, type Server } from "./server.ts";
import { endChild, spawnServer, type SpawnedServer, type StartOptions } from "./spawn-server.ts";

/**
 * Starts a server for a database and returns when it serves.
 *
 * @throws BelayError `EALREADY`, `ESTART`, `ETIMEDOUT`
 */
export async function start(zurl: string, options: StartOptions = {}): Promise<Server> {
  using prepared = await prepare("start", zurl, options);
  const { server, handle } = await startPrepared(zurl, prepared, options);
  await handle.close();
  return server;
}

/** A server just started, and the handle that makes us its client. */
export interface StartedServer extends Pick<SpawnedServer, "handle"> {
  readonly server: Server;
}

/** The part of starting that needs the start lock. */
export async function startPrepared(zurl: string, prepared: Prepared, options: StartOptions): Promise<StartedServer> {
  const { logger = silentLogger } = options;
  logger.info(`starting for ${zurl} ...`);
  const { child, handle } = await spawnServer(zurl, prepared, options);
  try {
    const server = makeServer(MountTable.read().only(prepared.mountpoint), child.pid, logger);
    logger.info(`started pid${child.pid ?? 0} @ ${prepared.mountpoint}`);
    return { server, handle };
  } catch (error) {
    await handle.close();
    await endChild(child);
    throw error;
  }
}
