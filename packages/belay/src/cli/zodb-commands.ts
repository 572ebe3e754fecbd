import type { Command } from "commander";
import { progressOnStderr } from "@belay/supervise";
import type { CommandIo } from "@belay/zodb";
import { subcommand } from "./subcommand.ts";

/** `belay zodb …`: looking into a database. */
export function addZodbCommands(program: Command): void {
  const zodb = subcommand(program, "zodb", "look into a ZODB database");
  addInfo(zodb);
  addList(zodb);
  addDump(zodb);
  addCheck(zodb);
}

interface Quiet {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

type Zodb = typeof import("@belay/zodb");

async function run(options: Quiet, command: (zodb: Zodb, io: CommandIo) => Promise<number>): Promise<void> {
  const zodb = await import("@belay/zodb");
  process.exitCode = await command(zodb, zodb.processIo(progressOnStderr(options)));
}

function addInfo(zodb: Command): void {
  subcommand(zodb, "info", "what there is to know about a database, as name=value lines")
    .argument("<zurl>", "the database")
    .option("--json", "as one JSON object")
    .option("--quiet", "no progress")
    .addHelpText("after", "\nExample:\n  belay zodb info file:///srv/Data.fs")
    .action((zurl: string, options: Quiet) => run(options, (z, io) => z.zodbInfo(zurl, options, io)));
}

interface ListOptions extends Quiet {
  readonly at?: string;
  readonly class?: string;
  readonly minSize?: string;
  readonly since?: string;
}

function addList(zodb: Command): void {
  subcommand(zodb, "ls", "list objects: oid, transaction, bytes, class")
    .argument("<zurl>", "the database")
    .option("--at <moment>", "as of this transaction or date (default: the newest)")
    .option("--class <text>", "only classes whose full name contains this; * stands for anything")
    .option("--min-size <bytes>", "only objects of at least so many bytes")
    .option("--since <moment>", "only objects changed by this transaction or date, or later")
    .option("--json", "as JSON lines")
    .option("--quiet", "no progress")
    .addHelpText("after", "\nExample:\n  belay zodb ls file:///srv/Data.fs --class ZBigFile")
    .action((zurl: string, options: ListOptions) => run(options, (z, io) => z.zodbLs(zurl, options, io)));
}

interface DumpOptions extends Quiet {
  readonly hashonly?: boolean;
}

function addDump(zodb: Command): void {
  subcommand(zodb, "dump", "all transactions, in the text form of zodbtools")
    .argument("<zurl>", "the database")
    .argument("[range]", "FROM..TO, both included; each a tid or a date, or left out")
    .option("--hashonly", "digests in place of the data")
    .option("--json", "one JSON object a line")
    .option("--quiet", "no progress")
    .addHelpText("after", "\nExample:\n  belay zodb dump --hashonly file:///srv/Data.fs 2026-11-21..")
    .action((zurl: string, range: string | undefined, options: DumpOptions) =>
      run(options, (z, io) => z.zodbDump(zurl, range === undefined ? options : { ...options, range }, io)),
    );
}

interface CheckOptions extends Quiet {
  readonly refs?: boolean;
  readonly btrees?: boolean;
}

function addCheck(zodb: Command): void {
  subcommand(zodb, "check", "check a whole database; 0 if it is sound, 1 if not")
    .argument("<zurl>", "the database")
    .option("--refs", "also look for references to objects that do not exist")
    .option("--btrees", "also check the inner consistency of BTrees")
    .option("--json", "as JSON lines")
    .option("--quiet", "no progress")
    .addHelpText("after", "\nExample:\n  belay zodb check --refs --btrees file:///srv/Data.fs")
    .action((zurl: string, options: CheckOptions) => run(options, (z, io) => z.zodbCheck(zurl, options, io)));
}
