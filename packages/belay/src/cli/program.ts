import { Command } from "commander";
import { addCompletionCommand } from "./completion.ts";
import { addContainerCommand } from "./container-command.ts";
import { addDoctorCommand } from "./doctor-command.ts";
import { addGeorepCommands } from "./georep-command.ts";
import { version } from "./version.ts";
import { addWcfsCommands } from "./wcfs-commands.ts";
import { addZodbCommands } from "./zodb-commands.ts";

/** The command tree. What a command does is loaded when it runs. */
export function makeProgram(): Command {
  const program = new Command("belay")
    .description(
      "Data kept where the work is: big arrays of object databases as files, now and at any moment of the past.",
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show help for a command")
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      `
Examples:
  belay wcfs import big.bin file:///srv/Data.fs --name big --create-db
  belay wcfs start file:///srv/Data.fs
  belay wcfs status file:///srv/Data.fs
  belay doctor

Exit codes: 0 done, 1 failed, 2 called wrongly, 130 interrupted, 70 a mistake in the program.`,
    );
  addWcfsCommands(program);
  addZodbCommands(program);
  addGeorepCommands(program);
  addContainerCommand(program);
  addDoctorCommand(program);
  addCompletionCommand(program);
  return program;
}
