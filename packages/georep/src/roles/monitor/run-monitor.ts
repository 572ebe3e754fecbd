import { getpgid } from "@belay/linux";
import { openLedger, reportFailure, reportReady, toError, type Ledger, type Logger } from "@belay/supervise";

import type { MonitorRequest } from "../../cli/roles.ts";
import { commandLock } from "../../session/command-lock.ts";
import { startMonitor, type Monitor } from "../../monitor/monitor.ts";
import { endInTime } from "../process/end-in-time.ts";
import { holdPidFile } from "../process/hold-pid-file.ts";
import { runDetached } from "../process/run-detached.ts";
import { aborted, stopOnSignals } from "../process/stop-signal.ts";
import { sessionLogger } from "../session-logger.ts";
import { sourcesOf, type Source } from "../source-of.ts";
import { agentOf } from "./agent-of.ts";
import { sessionStatus, type SessionStatus } from "./session-status.ts";
import { sweepLeftOvers } from "./sweep-left-overs.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

/**
 * `gsyncd monitor`: keeps a worker going for each source of this machine, until a signal ends it (exit code 1, as gsyncd has it), or a worker
 * that cannot be started in this way at all. Exit code 2 when another process holds the pid file.
 */
export async function runMonitor(request: MonitorRequest): Promise<number> {
  const sources = sourcesOf(request);
  return runDetached(request.foreground, () => endInTime(() => supervise(request, sources)));
}

async function supervise(request: MonitorRequest, sources: readonly Source[]): Promise<number> {
  try {
    using stop = stopOnSignals();
    const config = request.config.current();
    const log = { label: "monitor", config, file: "log-file", level: "log-level" } as const;
    const logger = sessionLogger({ ...log, debug: request.debug });
    for (const problem of config.problems) logger.warn(problem);
    await using ledger = await openLedger();
    await using _pidFile = await holdPidFile(ledger, request.pidFile);
    commandLock.drop();
    if (!request.foreground) process.chdir("/");
    await sweepLeftOvers(logger, { onlyRoles: false, timeoutMs: 20_000 });
    const status = sessionStatus(config.text("state-file"), logger);
    const around = { request, ledger, logger, status, signal: stop.signal };
    const monitors = await Promise.all(sources.map((source) => watchOver(source, around)));
    await status.state("Started");
    reportReady();
    if (request.pauseOnStart) pauseGroup(logger);
    await Promise.race([aborted(stop.signal), Promise.all(monitors.map(({ ended }) => ended))]);
    logger.info(stop.signal.aborted ? toError(stop.signal.reason).message : "no worker can go on");
    const agents = sources.map((source) => agentOf(request, source).end(logger));
    await Promise.all([...monitors.map((monitor) => monitor[Symbol.asyncDispose]()), ...agents]);
    if (stop.signal.aborted && isService(request)) await status.state("Stopped");
    await status.settled();
    await sweepLeftOvers(logger, { onlyRoles: true, timeoutMs: lastSweepMs });
    return stop.signal.aborted && isService(request) ? 0 : 1;
  } catch (error) {
    reportFailure(error);
    throw error;
  }
}

/** In the foreground for a person or for systemd, to whom an end by a signal is an orderly one. */
function isService({ foreground, debug }: MonitorRequest): boolean {
  return foreground && !debug;
}

/** At the end glusterd waits for a second in all. In milliseconds. */
const lastSweepMs = 500;

interface Surroundings {
  readonly request: MonitorRequest;
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly status: SessionStatus;
  readonly signal: AbortSignal;
}

function watchOver(source: Source, around: Surroundings): Promise<Monitor<WorkerProcess>> {
  const { request, ledger, logger, status, signal } = around;
  const { path } = source;
  const agent = agentOf(request, source);
  let isFirst = true;
  const start = async () => {
    // What the last worker left when it was killed, its receiving end first of all, would be in the way of the next one.
    if (!isFirst) await sweepLeftOvers(logger, { onlyRoles: true, timeoutMs: 10_000 });
    isFirst = false;
    const watched = request.debug ? undefined : await agent.begin(signal);
    logger.info("starting gsyncd worker", { brick: path, secondary_node: request.session.host });
    const connectionMs = request.config.current().int("connection-timeout") * 1000;
    const args = (feedbackFd: number) => request.workerArguments(path, feedbackFd);
    return startWorkerProcess(
      { args, ledger, agent: watched?.ensured, connectionMs, debug: request.foreground },
      signal,
    );
  };
  return startMonitor({ start, logger, onStatus: (worker) => status.worker(path, worker) });
}

// As a group, as whoever resumes it will. In the foreground the group may be somebody else's.
function pauseGroup(logger: Logger): void {
  if (getpgid() !== process.pid) return logger.warn("not paused on start: this process leads no group");
  logger.info("paused on start");
  process.kill(-process.pid, "SIGSTOP");
}
