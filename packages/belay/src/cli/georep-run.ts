import type { Command } from "commander";
import type { georepCommands } from "@belay/georep";
import { subcommand } from "./subcommand.ts";

type Georep = typeof georepCommands;

/** Runs a command of georep, which is loaded only now. */
export async function runGeorep(
  options: { readonly json?: boolean },
  command: (georep: Georep, context: Parameters<Parameters<Georep["inContext"]>[1]>[0]) => number | Promise<number>,
): Promise<void> {
  const { georepCommands: georep } = await import("./georep.part.ts");
  process.exitCode = await georep.inContext(options, (context) => command(georep, context));
}

/** A command about one session: `SRC DST`, or the name that `list` shows. */
export function sessionCommand(georep: Command, name: string, summary: string): Command {
  return subcommand(georep, name, summary)
    .argument("<source>", "the source, or the name of a session as list shows it")
    .argument("[destination]", "the destination");
}
