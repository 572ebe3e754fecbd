import { BelayError, Deadline, formatSeconds, sleep } from "@belay/supervise";
import { requireRunning } from "../ask-worker.ts";
import { reachCheckpoint, setCheckpoint } from "../checkpoint.ts";
import type { KnownSession } from "../known-session.ts";
import { reportNow } from "../live-report.ts";
import { reportOf } from "../report.ts";
import { localTime } from "../../status/shown-status.ts";
import { waitingText } from "../status-text.ts";
import { printable } from "../table.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";
import { secondsOf } from "./start.ts";

/** Options of `belay georep checkpoint`. */
export interface CheckpointOptions extends CommonOptions {
  readonly verify?: boolean;
  readonly wait?: boolean;
  readonly timeout?: string;
}

/** `belay georep checkpoint SESSION`; 0 when it is complete, or set with `--no-wait`. */
export async function checkpoint(
  context: Context,
  words: readonly (string | undefined)[],
  options: CheckpointOptions,
): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  const timeoutMs = secondsOf(options.timeout) ?? Infinity;
  if (options.wait !== false) requireRunning(places, known);
  const time = await setCheckpoint(known);
  talk.tell({ event: "checkpoint", name: known.name, time });
  if (options.wait === false) {
    talk.say(`checkpoint ${localTime(time)} set: belay georep status ${known.name} tells when it is complete`);
    return 0;
  }
  using deadline = Deadline.after(timeoutMs, {
    signal,
    what: `the checkpoint of ${known.name} is set, not complete yet`,
  });
  const started = performance.now();
  const { restarts } = reportOf(places, known);
  const reach = () => reachCheckpoint(places, known, { verify: options.verify === true, signal: deadline.signal });
  const tooLate = (error: unknown) => late(context, known, { error, restarts });
  const done = await withProgress(context, known, () => reach().catch(tooLate));
  const took = formatSeconds((performance.now() - started) / 1000);
  talk.say(`checkpoint ${localTime(time)} complete${done.verified ? " and verified" : ""} after ${took}`);
  talk.tell({ event: "complete", name: known.name, ...done });
  return 0;
}

interface Late {
  readonly error: unknown;
  /** Workers that had ended by themselves when the wait began. */
  readonly restarts: number | undefined;
}

// That time is up says little: what keeps it from being complete is in the status. A worker that ends again and again may seem well just now.
async function late({ places }: Context, known: KnownSession, { error, restarts }: Late): Promise<never> {
  if (!(error instanceof BelayError) || error.code !== "ETIMEDOUT") throw error;
  const report = await reportNow(places, known);
  const { why, retryQueue = 0, lastError } = report;
  const isHindered = retryQueue > 0 || report.state === "starting" || report.restarts !== restarts;
  const last = why === undefined && isHindered && lastError !== undefined ? `, the last error being ${lastError}` : "";
  throw new BelayError("ETIMEDOUT", `${error.message}: ${waitingText(report)}${printable(last)}`, {
    hint: `it stays set: belay georep status ${known.name} tells when it is complete`,
    cause: error,
  });
}

/** Shows on standard error how it goes while something is waited for: a line that is written over, or JSON lines. */
export async function withProgress<T>(context: Context, known: KnownSession, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const shown = showProgress(context, known, stop.signal).catch(() => undefined);
  try {
    return await work();
  } finally {
    stop.abort();
    await shown;
  }
}

async function showProgress({ places, talk }: Context, known: KnownSession, signal: AbortSignal): Promise<void> {
  const isTerminal = process.stderr.isTTY;
  if (!isTerminal && !talk.json) return;
  try {
    for (;;) {
      await sleep(talk.json ? 1000 : 500, signal);
      const report = await reportNow(places, known, signal);
      if (talk.json) talk.warn(JSON.stringify({ progress: report }));
      else process.stderr.write(`\r\u001b[K${waitingText(report)}`);
    }
  } finally {
    if (isTerminal && !talk.json) process.stderr.write("\r\u001b[K");
  }
}
