import { containerCommands } from "@belay/containers";
import type { Command } from "commander";
import { subcommand } from "./subcommand.ts";

/** `belay container …`, for help and completions; belayMain hands it to its own command line before options are parsed. */
export function addContainerCommand(program: Command): void {
  const container = subcommand(
    program,
    "container",
    "images built only when they have to be, runs that leave nothing behind",
  );
  for (const { name, help } of containerCommands()) {
    subcommand(container, name, help).addHelpText("after", `\nExample:\n  belay container ${name} --help`);
  }
}
