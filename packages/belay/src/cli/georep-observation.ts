import type { Command } from "commander";
import type { georepCommands } from "@belay/georep";
import { runGeorep } from "./georep-run.ts";
import { subcommand } from "./subcommand.ts";

/** What there is, and how it goes. */
export function addGeorepObservation(georep: Command): void {
  subcommand(georep, "status", "how sessions are getting on")
    .argument("[source]", "the source, or the name of a session (default: all sessions)")
    .argument("[destination]", "the destination")
    .option("--detail", "everything that is known, a line each")
    .option("--watch", "again and again, until Ctrl-C")
    .option("--interval <seconds>", "for --watch (default: 1)")
    .option("--prometheus", "in Prometheus' text format")
    .option("--json", "as JSON lines")
    .addHelpText(
      "after",
      "\nExamples:\n  belay georep status\n  belay georep status data --detail\n  belay georep status --watch",
    )
    .action((source: string | undefined, destination: string | undefined, options: georepCommands.StatusOptions) =>
      runGeorep(options, (georep, context) => georep.status(context, [source, destination], options)),
    );

  subcommand(georep, "list", "the sessions there are")
    .option("--json", "as JSON lines")
    .addHelpText("after", "\nExample:\n  belay georep list")
    .action((options: georepCommands.CommonOptions) => runGeorep(options, (georep, context) => georep.list(context)));

  subcommand(georep, "normalize", "the full urls of places as they are typed")
    .argument("<place...>", "source and destination")
    .option("--json", "as JSON lines")
    .addHelpText("after", "\nExample:\n  belay georep normalize data backup@host:/srv/copy")
    .action((places: string[], options: georepCommands.CommonOptions) =>
      runGeorep(options, (georep, context) => georep.normalize(context, places)),
    );
}
