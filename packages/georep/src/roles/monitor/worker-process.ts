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
import { parseReport, reportVariable } from "../process/watch-parent.ts";

/** How a worker is started. */
export interface WorkerProcessOptions {
  /** Arguments of this program, given the number of the descriptor at which the worker says that it is connected. */
  readonly args: (feedbackFd: number) => string[];
  readonly ledger: Ledger;
  /** Time for it to connect, in milliseconds. */
  readonly connectionMs: number;
  readonly debug: boolean;
}

/** A worker that runs and is connected. */
export interface WorkerProcess extends MonitoredWork {
  readonly pid: number;
}

/** Descriptors of the worker: where it says that it is connected, and where it says why it ends. */
const [feedbackFd, reportFd] = [3, 4];

/** From SIGTERM to SIGKILL, and as long again; in all below the second that glusterd waits. In milliseconds. */
const stopMs = 800;

/** Exit codes of a worker that would end in the same way again: its arguments or its configuration are wrong. */
const inconsistent: ReadonlySet<number | undefined> = new Set([2, 3, 4]);

/**
 * Starts a worker in our process group and waits until it is connected.
 *
 * @param signal  ends it
 * @throws BelayError with the reason why it is not: what the worker said, or how it ended
 */
export async function startWorkerProcess(options: WorkerProcessOptions, signal: AbortSignal): Promise<WorkerProcess> {
  const { args, ledger, connectionMs, debug } = options;
  const child = await spawnProcess(ownCommand(args(feedbackFd)), {
    stderr: debug ? "tee" : "capture",
    extraStdio: ["pipe", "pipe"],
    group: "inherit",
    env: { ...process.env, [reportVariable]: String(reportFd) },
    ledger,
    stopMs,
    signal,
  });
  const [feedback, report] = child.extra;
  const ended = whyItEnded(child, textOf(report));
  ended.catch(() => undefined); // whoever wants to know awaits it
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
