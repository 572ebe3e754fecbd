import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSea } from "node:sea";
import { placesEnvironment } from "../places.ts";
import { unitFor } from "../unit.ts";
import { sessionOf, type CommonOptions, type Context } from "./context.ts";

/** Options of `belay georep unit`. */
export interface UnitOptions extends CommonOptions {
  readonly user?: boolean;
  readonly program?: string;
}

/** `belay georep unit SESSION`: prints a systemd unit. */
export function unit(context: Context, words: readonly (string | undefined)[], options: UnitOptions): number {
  const known = sessionOf(context, words);
  const isUser = options.user ?? process.geteuid?.() !== 0;
  const program = options.program ?? ownProgram();
  const text = unitFor(context.places, known, { program, isUser, environment: placesEnvironment() });
  if (context.talk.json) context.talk.tell({ name: `belay-georep-${known.name}.service`, unit: text });
  else context.talk.write(text);
  return 0;
}

// Where it is installed, when it is.
function ownProgram(): string {
  const own = isSea() ? join(dirname(process.execPath), "belay") : "/usr/local/bin/belay";
  return existsSync(own) ? own : "/usr/local/bin/belay";
}
