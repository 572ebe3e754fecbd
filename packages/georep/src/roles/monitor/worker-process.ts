import type { Duplex } from "node:stream";

import {
  ownCommand,
  sleep,
  spawnProcess,
  type ExitStatus,
  type Ledger,
  type SupervisedProcess,
} from "@belay/supervise";

import { faultError, type Fault } from "../../monitor/fault.ts";
import type { MonitoredWork } from "../../monitor/monitor.ts";
import { agentVariable } from "../process/await-agent.ts";
import { parseReport, reportVariable } from "../process/watch-parent.ts";

/** How a worker is started. */
export interface WorkerProcessOptions {
  /** Arguments of this program, given the number of the descriptor at which the worker says that it is connected. */
  readonly args: (feedbackFd: number) => string[];
  readonly ledger: Ledger;
  /** Settles when the source has its agent, which the worker waits for, or when that cannot be; undefined: there is to be none. */
  readonly agent: Promise<void> | undefined;
  /** Time for it to connect once there is an agent, in milliseconds. */
  readonly connectionMs: number;
  readonly debug: boolean;
}

/** A worker that runs and is connected. */
export interface WorkerProcess extends MonitoredWork {
  readonly pid: number;
}

/** Descriptors of the worker: where it says that it is connected, where it says why it ends, and where it is told that there is an agent. */
const [feedbackFd, reportFd, agentFd] = [3, 4, 5];

/** From SIGTERM to SIGKILL, and as long again; in all below the second that glusterd waits. In milliseconds. */
const stopMs = 800;

/** Exit codes of a worker that would end in the same way again: its arguments or its configuration are wrong. */
const inconsistent: ReadonlySet<number | undefined> = new Set([2, 3, 4]);

/**
 * Starts a worker in our process group and waits until it is connected.
 *
 * @param signal  ends it
 * @throws BelayError with the reason why it is not: what keeps the agent from starting, what the worker said, or how it ended
 */
export async function startWorkerProcess(options: WorkerProcessOptions, signal: AbortSignal): Promise<WorkerProcess> {
  const { args, ledger, connectionMs, debug, agent } = options;
  agent?.catch(() => undefined); // awaited when the worker runs
  const told = agent === undefined ? {} : { [agentVariable]: String(agentFd) };
  const child = await spawnProcess(ownCommand(args(feedbackFd)), {
    stderr: debug ? "tee" : "capture",
    extraStdio: ["pipe", "pipe", ...(agent === undefined ? [] : (["pipe"] as const))],
    group: "inherit",
    env: { ...process.env, [reportVariable]: String(reportFd), ...told },
    ledger,
    stopMs,
    signal,
  });
  const [feedback, report, watched] = child.extra;
  watched?.on("error", () => undefined); // it may have ended already
  const ended = whyItEnded(child, textOf(report));
  ended.catch(() => undefined); // whoever wants to know awaits it
  try {
    await agent;
  } catch (error) {
    await child[Symbol.asyncDispose](); // in order: it has begun to connect
    throw error;
  }
  watched?.end("watched\n");
  try {
    await connectedIn(connectionMs, textOf(feedback), ended);
  } catch (error) {
    child.kill("SIGKILL");
    await child[Symbol.asyncDispose]();
    throw error;
  }
  return { pid: child.pid, ended, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

async function connectedIn(ms: number, feedback: Promise<string>, ended: Promise<never>): Promise<void> {
  const limit = new AbortController();
  try {
    const connected = feedback.then((text) => text === "" && ended);
    const late = sleep(ms, limit.signal).then(() => {
      const message = `the worker is not connected after ${ms / 1000} s`;
      throw faultError({ reason: "timeout", code: "ETIMEDOUT", message, hint: "see connection-timeout, and the log" });
    });
    late.catch(() => undefined);
    await Promise.race([connected, late]);
  } finally {
    limit.abort();
  }
}

async function whyItEnded(child: SupervisedProcess, report: Promise<string>): Promise<never> {
  const end = await child.exited;
  const text = await report;
  const fault = parseReport(text) ?? unreported(end, child.stderrTail().toString().trim());
  throw faultError(inconsistent.has(end.code) ? { ...fault, reason: "inconsistent" } : fault);
}

function unreported({ code, signal }: ExitStatus, stderr: string): Fault {
  const how = signal === undefined ? `ended with exit code ${code ?? "?"}` : `was killed by ${signal}`;
  const said = stderr.split("\n").slice(-3).join(" / ");
  const message = `the worker ${how}${said === "" ? "" : `: ${said}`}`;
  return { reason: signal === undefined ? "internal" : "killed", code: "EWORKER", message };
}

async function textOf(pipe: Duplex | undefined): Promise<string> {
  let text = "";
  try {
    for await (const chunk of pipe ?? []) text += String(chunk);
  } catch {
    // It broke with its other end; what came before counts.
  }
  return text;
}
