import { hostname } from "node:os";

import { isUserError, renderError, toError } from "@belay/supervise";

import type { SecondaryRequest } from "../../cli/roles.ts";
import { openDirectInput } from "../../rpc/direct-input.ts";
import { serveSecondary } from "../../secondary/serve.ts";
import { endInTime } from "../process/end-in-time.ts";
import { aborted, stopOnSignals } from "../process/stop-signal.ts";
import { sessionLogger } from "../session-logger.ts";
import { protocolSession, requireDirectory } from "../source-of.ts";
import { openRoot } from "./open-root.ts";
import { watchRoot } from "./watch-root.ts";
import { watchSilence } from "./watch-silence.ts";

/**
 * `gsyncd secondary`: serves the protocol on stdin and stdout until the worker closes it (exit code 0), says nothing any more for
 * `secondary-timeout` seconds, or a signal comes (1).
 *
 * What goes wrong is told on stderr, which ssh carries to the worker.
 */
export function runSecondary(request: SecondaryRequest): Promise<number> {
  return endInTime(() => serve(request));
}

async function serve(request: SecondaryRequest): Promise<number> {
  using stop = stopOnSignals();
  const config = request.config.current();
  const { path } = requireDirectory(request.secondary);
  const label = `secondary ${request.primaryNode ?? hostname()}${request.primaryBrick ?? request.session.primary}`;
  const log = { file: "secondary-log-file", level: "secondary-log-level" } as const;
  const logger = sessionLogger({ label, config, ...log, debug: request.debug });
  using root = openRoot(path, request.onlyRoots);
  const input = openDirectInput();
  const { stdout: output } = process;
  const timeout = config.int("secondary-timeout");
  using watch = watchSilence(() => counted(input, "bytesRead") + counted(output, "bytesWritten"), timeout * 1000);
  void watch.silent.then(() => stop.stop(`connection inactive for ${timeout} seconds, stopping`));
  using place = watchRoot(path);
  // At once: SQLite, when it is closed, removes a log by its path, which may be that of the map that lies there now.
  void place.lost.then((error) => process.exit(fail(error, logger.error)));
  // The session is left in order, as if the worker had gone.
  void aborted(stop.signal).then(() => input.destroy());
  logger.info("secondary listening");
  try {
    const only = request.sessionOwner === undefined ? undefined : protocolSession(request.sessionOwner);
    await serveSecondary({ input, output, root: root.path, logger, isChild: request.copiesFromParent, only });
  } catch (error) {
    if (!stop.signal.aborted) return fail(toError(error), logger.error);
  }
  const isStopped = stop.signal.aborted;
  logger.info(isStopped ? toError(stop.signal.reason).message : "connection closed by the worker");
  return isStopped ? 1 : 0;
}

function counted(stream: object, key: "bytesRead" | "bytesWritten"): number {
  const value: unknown = key in stream ? Reflect.get(stream, key) : 0;
  return typeof value === "number" ? value : 0;
}

function fail(error: Error, log: (text: string) => void): number {
  log(isUserError(error) ? error.message : (error.stack ?? error.message));
  process.stderr.write(`${renderError(error, { program: "gsyncd" }).text}\n`);
  return 1;
}
