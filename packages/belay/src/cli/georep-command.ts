import type { Command } from "commander";
import type { georepCommands } from "@belay/georep";
import { addGeorepObservation } from "./georep-observation.ts";
import { addGeorepSettings } from "./georep-settings.ts";
import { runGeorep, sessionCommand } from "./georep-run.ts";
import { subcommand } from "./subcommand.ts";

/** `belay georep …`: a directory kept equal in another place. */
export function addGeorepCommands(program: Command): void {
  const georep = subcommand(program, "georep", "keep a directory equal in another place");
  addMaking(georep);
  addRunning(georep);
  addGeorepObservation(georep);
  addGeorepSettings(georep);
}

const placesHelp = `
SRC is a directory here (src, /src, file:///src), DST one here or on another machine (user@host:/dst,
ssh://user@host:file:///dst). However a pair is written, it is the same session.`;

const collect = (value: string, all: readonly string[] = []): string[] => [...all, value];

function addMaking(georep: Command): void {
  subcommand(georep, "create", "make a session: look at both ends, write its configuration")
    .argument("<source>", "directory to replicate")
    .argument("<destination>", "where to; it is made, or has to be empty")
    .option("--name <name>", "name of the session (default: made from the source's)")
    .option("--force", "take a destination that is not empty: it becomes equal to the source")
    .option("--no-verify", "do not look at the destination")
    .option("--ssh-port <port>", "port of sshd on the other side")
    .option("--ssh-key <file>", "private key for the other side (default: of belay georep key, else what ssh finds)")
    .option("--identity <file>", "the same as --ssh-key")
    .option("--remote-gsyncd <path>", "gsyncd on the other side, where the key does not say it")
    .option("--option <name=value>", "an option of the session; may be repeated", collect)
    .option("--dry-run", "look, and tell what would be made")
    .option("--json", "the result as a JSON line")
    .addHelpText(
      "after",
      `${placesHelp}

Examples:
  belay georep create /srv/data /backup/data
  belay georep create /srv/data backup@host:/srv/copy --ssh-port 2222 --option sync-jobs=8`,
    )
    .action((source: string, destination: string, options: georepCommands.CreateOptions) =>
      runGeorep(options, (georep, context) => georep.create(context, [source, destination], options)),
    );

  subcommand(georep, "key", "make a key for a session and print the line for the other side's authorized_keys")
    .argument("<source>", "directory to replicate")
    .argument("<destination>", "where to, on another machine")
    .option("--identity <file>", "print the line for this key of yours instead")
    .option("--remote-gsyncd <path>", "gsyncd on the other side (default: gsyncd on its path)")
    .option("--json", "as a JSON line")
    .addHelpText(
      "after",
      `
The key may serve this one session and do nothing else: no shell, no other directory's session, no forwarding.

Example:
  belay georep key /srv/data backup@host:/srv/copy | ssh backup@host 'cat >> .ssh/authorized_keys'`,
    )
    .action((source: string, destination: string, options: georepCommands.KeyOptions) =>
      runGeorep(options, (georep, context) => georep.key(context, [source, destination], options)),
    );

  sessionCommand(georep, "delete", "remove a session; the destination keeps its files")
    .option("--force", "stop it first if it runs")
    .option("--reset-sync-time", "forget how far it was (a local session forgets it anyway)")
    .option("--purge-destination-state", "also what the destination keeps of the session, but for conflicts set aside")
    .option("--purge-logs", "also its logs on this machine")
    .option("--key", "also the key that belay georep key made")
    .option("--dry-run", "tell what would be removed")
    .option("--json", "as JSON lines")
    .addHelpText("after", "\nExample:\n  belay georep delete /srv/data /backup/data")
    .action((source: string, destination: string | undefined, options: georepCommands.DeleteCommandOptions) =>
      runGeorep(options, (georep, context) => georep.remove(context, [source, destination], options)),
    );
}

function addRunning(georep: Command): void {
  for (const [name, summary] of [
    ["start", "start a session and wait until it is connected"],
    ["restart", "stop a session, and start it again"],
  ] as const) {
    sessionCommand(georep, name, summary)
      .option("--foreground", "stay in the foreground and log to standard error")
      .option("--no-wait", "do not wait until it is connected")
      .option("--dry-run", "tell what would be sent and removed, by name, size, time and attributes; change nothing")
      .option("--limit <names>", "names that --dry-run tells one by one (default: 1000; 0: all)")
      .option("--timeout <seconds>", "longest wait (default: 60)")
      .option("--force", "a session that runs already is no error")
      .option("--json", "the result as a JSON line")
      .addHelpText("after", `\nExamples:\n  belay georep ${name} /srv/data /backup/data\n  belay georep ${name} data`)
      .action((source: string, destination: string | undefined, options: georepCommands.StartCommandOptions) =>
        runGeorep(options, (georep, context) => georep[name](context, [source, destination], options)),
      );
  }

  sessionCommand(georep, "stop", "stop a session")
    .option("--journal", "stop watching the source, too: the next start compares everything")
    .option("--grace <seconds>", "time to end in order before it is killed (default: 10)")
    .option("--json", "the result as a JSON line")
    .addHelpText("after", "\nEnds with 0 also when it was not running.\n\nExample:\n  belay georep stop data")
    .action((source: string, destination: string | undefined, options: georepCommands.StopCommandOptions) =>
      runGeorep(options, (georep, context) => georep.stop(context, [source, destination], options)),
    );

  for (const [name, summary] of [
    ["pause", "hold a session where it is; changes are still noted"],
    ["resume", "let a paused session go on"],
  ] as const) {
    sessionCommand(georep, name, summary)
      .option("--force", "whatever its state says")
      .option("--json", "the result as a JSON line")
      .addHelpText("after", `\nExample:\n  belay georep ${name} data`)
      .action((source: string, destination: string | undefined, options: georepCommands.PauseOptions) =>
        runGeorep(options, (georep, context) => georep[name](context, [source, destination], options)),
      );
  }
}
