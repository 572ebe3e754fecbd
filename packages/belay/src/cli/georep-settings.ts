import type { Command } from "commander";
import type { georepCommands } from "@belay/georep";
import { runGeorep, sessionCommand } from "./georep-run.ts";
import { subcommand } from "./subcommand.ts";

/** Options of sessions, and units that run them. */
export function addGeorepSettings(georep: Command): void {
  subcommand(georep, "config", "options of a session: get, set, del, check, list")
    .argument(
      "<words...>",
      "SRC DST, or the name of a session; then get NAME, set NAME VALUE, del NAME, check NAME [VALUE], list",
    )
    .option("--all", "list: also options that are not set")
    .option("--restart", "set, del: start the session again if it has to")
    .option("--json", "as JSON lines")
    .addHelpText(
      "after",
      `
Without an action it lists what is set. A running session follows checkpoint and log-rsync-performance at once, all other
options when it starts again.

Examples:
  belay georep config data
  belay georep config data set sync-jobs 8 --restart
  belay georep config data set rsync-options=--whole-file
  belay georep config /srv/data /backup/data del sync-jobs`,
    )
    .action((words: string[], options: georepCommands.ConfigOptions) =>
      runGeorep(options, (georep, context) => georep.config(context, words, options)),
    );

  sessionCommand(georep, "unit", "print a systemd unit that runs a session")
    .option("--user", "for the user's own systemd (default unless root)")
    .option("--program <path>", "where belay is installed")
    .option("--json", "as a JSON line")
    .addHelpText("after", "\nExample:\n  belay georep unit data > /etc/systemd/system/belay-georep-data.service")
    .action((source: string, destination: string | undefined, options: georepCommands.UnitOptions) =>
      runGeorep(options, (georep, context) => georep.unit(context, [source, destination], options)),
    );
}
