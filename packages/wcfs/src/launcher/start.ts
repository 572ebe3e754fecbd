import { MountTable, silentLogger } from "@belay/supervise";
import { prepare } from "./prepare.ts";
import { makeServer, type Server } from "./server.ts";
import { spawnServer, type SpawnedServer, type StartOptions } from "./spawn-server.ts";

/**
 * Starts a server for a database and returns when it serves.
 *
 * @throws BelayError `EALREADY`, `ESTART`, `ETIMEDOUT`
 */
export async function start(zurl: string, options: StartOptions = {}): Promise<Server> {
  using prepared = await prepare("start", zurl, options);
  const { server, handle } = await startPrepared(zurl, prepared.mountpoint, options);
  await handle.close();
  return server;
}

/** A server just started, and the handle that makes us its client. */
export interface StartedServer extends Pick<SpawnedServer, "handle"> {
  readonly server: Server;
}

/** The part of starting that needs the start lock. */
export async function startPrepared(zurl: string, mountpoint: string, options: StartOptions): Promise<StartedServer> {
  const { logger = silentLogger } = options;
  logger.info(`starting for ${zurl} ...`);
  const { child, handle } = await spawnServer(zurl, mountpoint, options);
  const server = makeServer(MountTable.read().only(mountpoint), child.pid, logger);
  logger.info(`started pid${child.pid ?? 0} @ ${mountpoint}`);
  return { server, handle };
}
