import type { Command } from "commander";
import type { georepCommands } from "@belay/georep";
import { runGeorep, sessionCommand } from "./georep-run.ts";
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

  addChecks(georep);

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

function addChecks(georep: Command): void {
  sessionCommand(georep, "checkpoint", "wait until everything written so far is at the destination")
    .option("--verify", "compare by digest what was sent")
    .option("--no-wait", "only set it: status tells when it is complete")
    .option("--timeout <seconds>", "longest wait (default: none)")
    .option("--json", "as JSON lines")
    .addHelpText(
      "after",
      "\nEnds with 0 when it is complete.\n\nExample:\n  belay georep checkpoint data --timeout 600",
    )
    .action((source: string, destination: string | undefined, options: georepCommands.CheckpointOptions) =>
      runGeorep(options, (georep, context) => georep.checkpoint(context, [source, destination], options)),
    );

  sessionCommand(georep, "verify", "compare source and destination completely, by digest")
    .option("--json", "each difference as a JSON line")
    .addHelpText("after", "\nEnds with 0 when they are equal, else with 1.\n\nExample:\n  belay georep verify data")
    .action((source: string, destination: string | undefined, options: georepCommands.CommonOptions) =>
      runGeorep(options, (georep, context) => georep.verify(context, [source, destination])),
    );

  sessionCommand(georep, "retry", "show what could not be applied, and try it again now")
    .option("--list", "only show it; the session need not run")
    .option("--json", "as JSON lines")
    .addHelpText("after", "\nExample:\n  belay georep retry data")
    .action((source: string, destination: string | undefined, options: georepCommands.RetryOptions) =>
      runGeorep(options, (georep, context) => georep.retry(context, [source, destination], options)),
    );

  sessionCommand(georep, "resync", "compare source and destination again")
    .option("--path <path>", "only what is below this path of the source")
    .option("--wait", "wait until that is done and nothing is left to do")
    .option("--dry-run", "tell what differs by name, size, time and attributes, and change nothing")
    .option("--limit <names>", "names that --dry-run tells one by one (default: 1000; 0: all)")
    .option("--json", "as JSON lines")
    .addHelpText(
      "after",
      "\nExamples:\n  belay georep resync data --path photos/2024\n  belay georep resync data --dry-run",
    )
    .action((source: string, destination: string | undefined, options: georepCommands.ResyncOptions) =>
      runGeorep(options, (georep, context) => georep.resync(context, [source, destination], options)),
    );
}
