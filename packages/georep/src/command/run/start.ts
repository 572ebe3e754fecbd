import { BelayError } from "@belay/supervise";
import { shortEnd } from "../ends.ts";
import { startSession } from "../start.ts";
import { stopSession } from "../stop.ts";
import { stateText } from "../status-text.ts";
import { pauseSession, resumeSession } from "../pause.ts";
import { printable } from "../table.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";
import { runInForeground } from "./foreground.ts";
import { tellPlan, type PlanCommandOptions } from "./plan.ts";

/** Options of `belay georep start` and `restart`. */
export interface StartCommandOptions extends PlanCommandOptions {
  readonly foreground?: boolean;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly force?: boolean;
}

/** Options of `belay georep stop`. */
export interface StopCommandOptions extends CommonOptions {
  readonly journal?: boolean;
  readonly grace?: string;
}

/** Options of `belay georep pause` and `resume`. */
export interface PauseOptions extends CommonOptions {
  readonly force?: boolean;
}

type Words = readonly (string | undefined)[];

/** `belay georep start SESSION` */
export async function start(context: Context, words: Words, options: StartCommandOptions): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  if (options.dryRun === true) return tellPlan(context, known, options);
  if (options.foreground === true) return runInForeground(places, known, signal);
  const { force = false, wait = true } = options;
  const report = await startSession(places, known, { force, wait, timeoutMs: secondsOf(options.timeout), signal });
  talk.say(
    printable(`${known.name}: ${stateText(report)}, ${shortEnd(known.source)} to ${shortEnd(known.destination)}`),
  );
  talk.tell({ event: "started", name: known.name, state: report.state });
  return 0;
}

/** `belay georep stop SESSION` */
export async function stop(context: Context, words: Words, options: StopCommandOptions): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  const graceMs = secondsOf(options.grace) ?? 10_000;
  const wasRunning = await stopSession(places, known, { graceMs, journal: options.journal === true, signal });
  talk.say(wasRunning ? `stopped ${known.name}` : `${known.name} was not running`);
  talk.tell({ event: "stopped", name: known.name, wasRunning });
  return 0;
}

/** `belay georep restart SESSION` */
export async function restart(context: Context, words: Words, options: StartCommandOptions): Promise<number> {
  await stopSession(context.places, sessionOf(context, words), { signal: context.signal });
  return start(context, words, options);
}

/** `belay georep pause SESSION` */
export async function pause(context: Context, words: Words, { force }: PauseOptions): Promise<number> {
  const known = sessionOf(context, words);
  await pauseSession(context.places, known, force);
  return tellState(context, known.name, "paused");
}

/** `belay georep resume SESSION` */
export async function resume(context: Context, words: Words, { force }: PauseOptions): Promise<number> {
  const known = sessionOf(context, words);
  await resumeSession(context.places, known, force);
  return tellState(context, known.name, "resumed");
}

function tellState({ talk }: Context, name: string, event: string): number {
  talk.say(`${event} ${name}`);
  talk.tell({ event, name });
  return 0;
}

/** Seconds as they are typed, in milliseconds. @throws BelayError `EUSAGE` */
export function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^(\d+(?:\.\d+)?)s?$/.exec(text)?.[1];
  if (seconds === undefined) throw new BelayError("EUSAGE", `'${text}' is no time`, { hint: "give seconds: 30, 0.5" });
  return Math.round(Number(seconds) * 1000);
}
