import { closeSync, writeSync } from "node:fs";
import { join } from "node:path";

import {
  hasCode,
  openLedger,
  reportFailure,
  reportReady,
  sleep,
  toError,
  untilAborted,
  type Ledger,
  type Logger,
} from "@belay/supervise";

import type { WorkerRequest } from "../../cli/roles.ts";
import type { Connecting } from "../../connect/connect.ts";
import { serveControl } from "../../control/serve-control.ts";
import { faultOf } from "../../monitor/fault.ts";
import { startWorker, type Worker, type WorkerOptions } from "../../worker/worker.ts";
import { toldOfAgent } from "../process/await-agent.ts";
import { endInTime } from "../process/end-in-time.ts";
import { holdPidFile } from "../process/hold-pid-file.ts";
import { runDetached } from "../process/run-detached.ts";
import { stopOnSignals, type StopSignal } from "../process/stop-signal.ts";
import { tieToParent } from "../process/watch-parent.ts";
import { sessionLogger } from "../session-logger.ts";
import { sourcesOf, workingFolder } from "../source-of.ts";
import { controlHandlers } from "./control-handlers.ts";
import { followCheckpoint } from "./follow-checkpoint.ts";
import { holdSource } from "./hold-source.ts";
import { openFeed } from "./open-feed.ts";
import { begin, wayTo, type Way } from "./way-to-destination.ts";
import { openStatus } from "./worker-status.ts";

/**
 * `gsyncd worker`: replicates one source until a signal comes or its monitor is gone (exit code 1), it cannot go on (1), or its turns are
 * done (0).
 */
export async function runWorker(request: WorkerRequest): Promise<number> {
  const [source] = sourcesOf(request);
  const path = request.localPath ?? source?.path ?? "/";
  return runDetached(request.foreground, () => endInTime(() => work(request, path)));
}

async function work(request: WorkerRequest, path: string): Promise<number> {
  using stop = stopOnSignals();
  const parent = tieToParent();
  const hasAgent = toldOfAgent();
  void parent.gone.then(() => stop.stop("the monitor has ended"));
  const config = request.config.current();
  const label = `worker ${path}`;
  const logger = sessionLogger({ label, config, file: "log-file", level: "log-level", debug: request.debug });
  for (const problem of config.problems) logger.warn(problem);
  try {
    await using ledger = await openLedger();
    await using _pidFile = await holdPidFile(ledger, request.pidFile);
    await replicate(request, path, { ledger, logger, stop, hasAgent });
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      logger.info(toError(stop.signal.reason).message);
      return 1;
    }
    const fault = faultOf(toError(error));
    logger.error(fault.message, { reason: fault.reason, code: fault.code });
    parent.report(fault);
    reportFailure(error);
    throw error;
  }
}

interface Surroundings {
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly stop: StopSignal;
  /** Settles when the monitor has seen to it that the source is watched. */
  readonly hasAgent: Promise<void>;
}

async function replicate(request: WorkerRequest, path: string, around: Surroundings): Promise<void> {
  const { ledger, logger, stop } = around;
  const config = request.config.current();
  const working = workingFolder(config, { path });
  // It takes longest by far: what follows is done while it starts.
  const way = await wayTo(request, path, ledger);
  await using connecting = begin(way, request, around);
  using _lock = await holdSource(working, stop.signal);
  await using status = openStatus(request, path, logger);
  const link: Link = { lost: undefined };
  await using worker = await start({ request, path, working, way, connecting, link }, around, status.onStatus);
  status.follow(worker);
  connected(request.feedbackFd);
  const about = { pid: process.pid, startedAt: status.startedAt, source: path, secondary: request.secondary.body };
  const checkpoints = followCheckpoint({
    config: request.config,
    worker,
    before: status.before,
    tell: status.tell,
    logger,
    signal: stop.signal,
  });
  checkpoints.followed.catch((error: unknown) =>
    logger.warn(`checkpoints are not followed: ${toError(error).message}`),
  );
  const handlers = controlHandlers(worker, about, async (before) => {
    checkpoints.complete(before);
    await status.flush();
  });
  await using _control = await serveControl(ledger, join(working, "worker.sock"), handlers, logger);
  const ended = request.turns > 0 ? Promise.race([turns(request, worker), worker.ended]) : worker.ended;
  await untilAborted(explained(ended, link), stop.signal);
}

/** What the connection to the receiving end knows about its own end. */
interface Link {
  lost: Promise<Error> | undefined;
}

// A request that was under way only knows that the connection is gone.
async function explained(ended: Promise<void>, link: Link): Promise<void> {
  try {
    await ended;
  } catch (error) {
    if (link.lost !== undefined && hasCode(error, "ECONNLOST", "EPIPE", "ECONNRESET")) throw await link.lost;
    throw error;
  }
}

interface Beginning {
  readonly request: WorkerRequest;
  readonly path: string;
  readonly working: string;
  readonly way: Way;
  readonly connecting: Connecting;
  readonly link: Link;
}

async function start(
  { request, path, working, way: { policy, shell }, connecting, link }: Beginning,
  { ledger, logger, stop, hasAgent }: Surroundings,
  onStatus: WorkerOptions["onStatus"],
): Promise<Worker> {
  const config = request.config.current();
  const starting = startWorker({
    force: config.flag("accept-source"),
    acceptDestination: config.flag("accept-destination"),
    source: path,
    policy,
    shell,
    state: working,
    logger,
    ledger,
    onStatus,
    openFeed: async (tree) => {
      await hasAgent;
      return openFeed({ request, path, working, ledger, logger }, tree);
    },
    greet: async (about) => {
      const connection = await connecting.greet({ ...about, rules: policy });
      link.lost = connection.lost;
      return connection;
    },
  });
  // Told to end while it still connects: what has been acquired is in the ledger, and goes with it.
  return untilAborted(starting, stop.signal);
}

/** Tells the monitor that both ends are connected, and that its wait is over. */
function connected(fd: number | undefined): void {
  reportReady();
  if (fd === undefined) return;
  try {
    writeSync(fd, "connected\n");
    closeSync(fd);
  } catch {
    // Nobody waits.
  }
}

async function turns({ turns: count, config }: WorkerRequest, worker: Worker): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    if (turn > 0) await sleep(config.current().int("change-interval") * 1000);
    await worker.checkpoint();
  }
}
