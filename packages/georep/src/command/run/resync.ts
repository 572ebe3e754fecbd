import { askWorker } from "../ask-worker.ts";
import { directoryOfSource } from "../source-directory.ts";
import { printable } from "../table.ts";
import { withProgress } from "./checkpoint.ts";
import { sessionOf, type Context } from "./context.ts";
import { tellPlan, type PlanCommandOptions } from "./plan.ts";

/** Options of `belay georep resync`. */
export interface ResyncOptions extends PlanCommandOptions {
  readonly wait?: boolean;
  readonly path?: string;
}

/** `belay georep resync SESSION`: compares again, everything or what is below a path. */
export async function resync(
  context: Context,
  words: readonly (string | undefined)[],
  options: ResyncOptions,
): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  const path = options.path === undefined ? undefined : directoryOfSource(known, options.path);
  if (options.dryRun === true) return tellPlan(context, known, options, path);
  await askWorker(places, known, "resync", { path }, signal);
  const what = path === undefined || path === "" ? "everything" : printable(path);
  talk.tell({ event: "resync", name: known.name, path: path ?? "" });
  if (options.wait !== true) {
    talk.say(`${known.name}: ${what} is compared again`);
    return 0;
  }
  await withProgress(context, known, () => askWorker(places, known, "checkpoint", {}, signal));
  talk.say(`${known.name}: ${what} has been compared, and what differed is as it has to be`);
  talk.tell({ event: "compared", name: known.name, path: path ?? "" });
  return 0;
}
