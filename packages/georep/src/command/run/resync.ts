import { relative, resolve } from "node:path";
import { BelayError, formatBytes } from "@belay/supervise";
import { askWorker } from "../ask-worker.ts";
import { planTransfer } from "../dry-run.ts";
import { pathOf, shortEnd } from "../ends.ts";
import type { KnownSession } from "../known-session.ts";
import { printable } from "../table.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";

/** Options of `belay georep resync`. */
export interface ResyncOptions extends CommonOptions {
  readonly path?: string;
  readonly dryRun?: boolean;
}

/** `belay georep resync SESSION`: compares again, everything or what is below a path. */
export async function resync(
  context: Context,
  words: readonly (string | undefined)[],
  options: ResyncOptions,
): Promise<number> {
  const { places, talk, signal } = context;
  const known = sessionOf(context, words);
  if (options.dryRun === true) return tellPlan(context, known);
  const path = options.path === undefined ? undefined : belowSource(known, options.path);
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

/** What a start would transfer now: compares names, sizes and times, and changes nothing. */
export async function tellPlan({ talk, signal }: Context, known: KnownSession): Promise<number> {
  if (known.destination.scheme === "ssh") {
    throw new BelayError("EREMOTE", `${shortEnd(known.destination)} is not looked at from here`, {
      hint: "--dry-run compares directories of this machine",
    });
  }
  const [source, destination] = [Buffer.from(known.source.path), Buffer.from(pathOf(known.destination))];
  const plan = await planTransfer(
    source,
    destination,
    ({ action, path, bytes }) => {
      const text = path.toString();
      if (talk.json) talk.tell({ action, path: text, bytes });
      else talk.say(`${action.padEnd(6)} ${printable(text)}`);
    },
    signal,
  );
  const { create, update, touch, remove, bytes } = plan;
  talk.say(
    `would create ${create}, update ${update}, touch ${touch}, remove ${remove}; ${formatBytes(bytes)} of content`,
  );
  talk.tell({ event: "plan", name: known.name, ...plan });
  return 0;
}
