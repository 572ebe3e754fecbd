import { BelayError, hasCode, sleep } from "@belay/supervise";
import { findSession, listSessions } from "../find-session.ts";
import { reportNow } from "../live-report.ts";
import type { SessionReport } from "../report.ts";
import { metricsText } from "../status-metrics.ts";
import { statusDetail, statusTable } from "../status-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import { secondsOf } from "./start.ts";

/** Options of `belay georep status`. */
export interface StatusOptions extends CommonOptions {
  readonly detail?: boolean;
  readonly watch?: boolean;
  readonly interval?: string;
  readonly prometheus?: boolean;
}

/** `belay georep status [SESSION]` */
export async function status(
  context: Context,
  words: readonly (string | undefined)[],
  options: StatusOptions,
): Promise<number> {
  if (options.prometheus === true && context.talk.json) {
    throw new BelayError("EUSAGE", "--json and --prometheus are two forms of the same", { hint: "choose one" });
  }
  if (options.watch === true) return watchStatus(context, words, options);
  show(context, await readReports(context, words), options);
  return 0;
}

async function watchStatus(
  context: Context,
  words: readonly (string | undefined)[],
  options: StatusOptions,
): Promise<number> {
  const { signal, talk } = context;
  const everyMs = secondsOf(options.interval) ?? 1000;
  if (everyMs < 100) throw new BelayError("EUSAGE", "--interval is too short", { hint: "0.1 at least" });
  try {
    for (;;) {
      const reports = await readReports(context, words);
      if (talk.isTerminal && !talk.json) talk.write("\u001b[H\u001b[J");
      show(context, reports, options);
      await sleep(everyMs, signal);
    }
  } catch (error) {
    // Ctrl-C is how it ends.
    if (hasCode(error, "ECANCELED")) return 0;
    throw error;
  }
}

function readReports(context: Context, words: readonly (string | undefined)[]): Promise<SessionReport[]> {
  const { places, cwd, signal } = context;
  const given = words.filter((word) => word !== undefined);
  const sessions = given.length === 0 ? listSessions(places) : [findSession(places, given, cwd)];
  return Promise.all(sessions.map((known) => reportNow(places, known, signal)));
}

function show({ talk }: Context, reports: readonly SessionReport[], options: StatusOptions): void {
  if (options.prometheus === true) return talk.write(metricsText(reports));
  for (const report of reports) talk.tell(jsonOf(report));
  if (reports.length === 0) return talk.say("no sessions: belay georep create SRC DST makes one");
  talk.say(options.detail === true ? reports.map(statusDetail).join("\n") : statusTable(reports));
}

/** Values nobody knows are null, so that every line has the same keys. */
function jsonOf(report: SessionReport): object {
  return Object.fromEntries(Object.entries(report).map(([key, value]: [string, unknown]) => [key, value ?? null]));
}
