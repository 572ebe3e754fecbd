import { BelayError, formatBytes } from "@belay/supervise";
import { policyOf } from "../../policy/policy.ts";
import { protocolSession } from "../../roles/source-of.ts";
import { Survey } from "../../secondary/survey.ts";
import { shownName } from "../../tree/shown-name.ts";
import { checkSource } from "../check-source.ts";
import { planTransfer, type PlanOptions, type TransferPlan } from "../dry-run.ts";
import { pathOf, shortEnd } from "../ends.ts";
import type { KnownSession } from "../known-session.ts";
import { askOtherSide } from "../other-side.ts";
import { configOf } from "../session-files.ts";
import type { CommonOptions, Context } from "./context.ts";

/** Options of commands that can tell what they would do. */
export interface PlanCommandOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly limit?: string;
}

/** Names that are told one by one, unless `--limit` says otherwise. */
const mostTold = 1000;

/**
 * Tells what a start would do now: looks at names, types, sizes, times and attributes of both ends, and changes nothing.
 *
 * @param below  directory to begin with, relative to the source; default: all
 * @returns 0; 1 when something could not be looked at
 */
export async function tellPlan(
  { places, talk, signal }: Context,
  known: KnownSession,
  options: PlanCommandOptions,
  below = "",
): Promise<number> {
  const limit = limitOf(options.limit);
  requireSource(known);
  const config = configOf(places, known);
  let told = 0;
  const around: Omit<PlanOptions, "destination"> = {
    source: new Survey({ root: known.source.path, session: "none", staysOnDevice: true }),
    policy: policyOf(config),
    below,
    signal,
    onChange: ({ action, path, bytes }) => {
      if (++told > limit) return;
      talk.tell({ action, path: path.toString(), pathBytes: path.toString("base64"), bytes });
      talk.say(`${action.padEnd(6)} ${shownName(path)}`);
    },
    onProblem: (path, error) => {
      talk.complain(new BelayError("EUNREADABLE", `${shownName(path) || "."}: ${problemText(error)}`));
    },
  };
  const plan =
    known.destination.scheme === "ssh"
      ? await askOtherSide(known, config, (destination) => planTransfer({ ...around, destination }), signal)
      : await planTransfer({ ...around, destination: localDestination(known) });
  const omitted = Math.max(told - limit, 0);
  if (omitted > 0) talk.say(`… and ${omitted} more (--limit 0 tells all of them)`);
  talk.say(summary(plan, known));
  talk.tell({ event: "plan", name: known.name, ...plan, omitted });
  return plan.unreadable === 0 ? 0 : 1;
}

/** What is wrong with a directory; not the descriptor through which the system was asked. */
export function problemText({ message }: Error): string {
  return message.replace(/, \w+ '\/proc\/self\/fd\/\d+'$/, "");
}

// A source that is not there would have everything removed.
function requireSource({ source }: KnownSession): void {
  const [problem] = checkSource(source.path);
  if (problem !== undefined) throw problem;
}

function localDestination({ destination, id }: KnownSession): Survey {
  return new Survey({ root: pathOf(destination), session: protocolSession(id) });
}

function summary({ create, update, touch, remove, bytes, unreadable }: TransferPlan, known: KnownSession): string {
  const counts = `create ${create}, update ${update}, touch ${touch}, remove ${remove}`;
  const several = unreadable === 1 ? "1 directory" : `${unreadable} directories`;
  const rest = unreadable === 0 ? "" : `; ${several} could not be looked at`;
  return `would ${counts} at ${shortEnd(known.destination)}; ${formatBytes(bytes)} of content${rest}`;
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return mostTold;
  if (!/^\d{1,9}$/.test(text)) {
    throw new BelayError("EUSAGE", `'${text}' is no number of names`, { hint: "--limit 100; 0 tells all of them" });
  }
  return Number(text) === 0 ? Infinity : Number(text);
}
