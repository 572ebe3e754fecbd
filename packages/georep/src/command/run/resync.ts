import { relative, resolve } from "node:path";
import { BelayError } from "@belay/supervise";
import { askWorker } from "../ask-worker.ts";
import type { KnownSession } from "../known-session.ts";
import { printable } from "../table.ts";
import { sessionOf, type Context } from "./context.ts";
import { tellPlan, type PlanCommandOptions } from "./plan.ts";

/** Options of `belay georep resync`. */
export interface ResyncOptions extends PlanCommandOptions {
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
  const path = options.path === undefined ? undefined : belowSource(known, options.path);
  if (options.dryRun === true) return tellPlan(context, known, options, path);
  await askWorker(places, known, "resync", { path }, signal);
  talk.say(`${known.name}: ${path === undefined ? "everything" : printable(path)} is compared again`);
  talk.tell({ event: "resync", name: known.name, path: path ?? "" });
  return 0;
}

// From the root of the source, or as it is written here.
function belowSource({ source }: KnownSession, given: string): string {
  const path = given.startsWith("/") ? relative(source.path, resolve(given)) : relative("/", resolve("/", given));
  if (!path.startsWith("..")) return path;
  throw new BelayError("EUSAGE", `${given} is not in ${source.path}`, {
    hint: "--path is a path below the source",
  });
}
