import type { Command } from "commander";
import { subcommand } from "./subcommand.ts";

/** `belay wcfs …`: the server and the tools over big files. */
export function addWcfsCommands(program: Command): void {
  const wcfs = subcommand(program, "wcfs", "big arrays of a ZODB database as files");
  addServerCommands(wcfs);
  addTransferCommands(wcfs);
  addInspectionCommands(wcfs);
}

const serverOptions = `
Options for the server are in its own syntax (-debug, -pintimeout 30s, …): belay wcfs serve -h lists them.
$WENDELIN_CORE_WCFS_OPTIONS is put before them.`;

// Declared for their help only: belayMain hands them to the front end of wcfs before any option is parsed.
function addServerCommands(wcfs: Command): void {
  subcommand(wcfs, "serve", "serve a database in the foreground")
    .usage("[server options] ZURL")
    .addHelpText("after", `${serverOptions}\n\nExample:\n  belay wcfs serve -logtostderr file:///srv/Data.fs`);
  subcommand(wcfs, "start", "start a server in the background and return when it is ready")
    .usage("[server options] ZURL")
    .addHelpText(
      "after",
      `${serverOptions}\n\nPrints the mountpoint.\n\nExample:\n  cd "$(belay wcfs start file:///srv/Data.fs)"`,
    );
  subcommand(wcfs, "status", "check the server of a database")
    .usage("ZURL")
    .addHelpText(
      "after",
      "\nPrints a line for each check; ends with 0 only if all are ok.\n\nExample:\n  belay wcfs status file:///srv/Data.fs",
    );
  subcommand(wcfs, "stop", "unmount and stop the server of a database")
    .usage("ZURL")
    .addHelpText(
      "after",
      "\nEnds with 0 also when no server runs. Programs that still use the mount are ended.\n\nExample:\n  belay wcfs stop file:///srv/Data.fs",
    );
}

function addTransferCommands(wcfs: Command): void {
  subcommand(wcfs, "import", "store a file, or what comes through a pipe, as a big file")
    .argument("<file>", "file to read; - is standard input")
    .argument("<zurl>", "the database")
    .option("--name <key>", "key in the root object under which the big file is, or will be, found")
    .option("--oid <oid>", "the big file to write to, as 16 hexadecimal digits")
    .option("--create-db", "create the database if its file does not exist")
    .option("--blksize <bytes>", "block size of a new big file; K and M are understood (default: 2M)")
    .option(
      "--format <format>",
      "how blocks are stored: ZBlk0, ZBlk1 or auto (default: $WENDELIN_CORE_ZBLK_FMT, else auto)",
    )
    .option("--append", "write after the last block of an existing big file")
    .option("--offset <bytes>", "write over an existing big file, from this byte on")
    .option("--resume", "go on with an import that was interrupted: same file, same name")
    .option("--transaction-size <bytes>", "how much one transaction takes in (default: 64M)")
    .option("--json", "progress and result as JSON lines")
    .option("--quiet", "no progress")
    .addHelpText(
      "after",
      `
Whole blocks are committed as the import goes on: one that was killed leaves a good database with the blocks
committed so far, and --resume goes on from there. Blocks of zeros take no room.

Examples:
  belay wcfs import big.bin file:///srv/Data.fs --name big --create-db
  generate | belay wcfs import - file:///srv/Data.fs --name big --append`,
    )
    .action(async (file: string, zurl: string, options: object) => {
      const { importCommand } = await import("@belay/wcfs");
      await importCommand(file, zurl, options);
    });

  subcommand(wcfs, "export", "write the content of a big file to a file or a pipe")
    .argument("<zurl>", "the database")
    .argument("<file>", "file to write; - is standard output")
    .option("--name <key>", "key of the big file in the root object")
    .option("--oid <oid>", "the big file, as 16 hexadecimal digits")
    .option("--at <tid>", "content as of this transaction (default: the newest)")
    .option("--json", "progress and result as JSON lines on standard error")
    .option("--quiet", "no progress")
    .addHelpText("after", "\nExample:\n  belay wcfs export file:///srv/Data.fs - --name big | sha256sum")
    .action(async (zurl: string, file: string, options: object) => {
      const { exportCommand } = await import("@belay/wcfs");
      await exportCommand(zurl, file, options);
    });
}

function addInspectionCommands(wcfs: Command): void {
  subcommand(wcfs, "ls", "list the big files of a database")
    .argument("<zurl>", "the database")
    .option("--at <tid>", "as of this transaction (default: the newest)")
    .option("--json", "as JSON lines")
    .addHelpText("after", "\nExample:\n  belay wcfs ls file:///srv/Data.fs")
    .action(async (zurl: string, options: object) => {
      const { listCommand } = await import("@belay/wcfs");
      await listCommand(zurl, options);
    });

  subcommand(wcfs, "log", "show the revisions of a big file, newest first")
    .argument("<zurl>", "the database")
    .option("--name <key>", "key of the big file in the root object")
    .option("--oid <oid>", "the big file, as 16 hexadecimal digits")
    .option("--limit <n>", "at most so many revisions")
    .option("--json", "as JSON lines")
    .addHelpText("after", "\nExample:\n  belay wcfs log file:///srv/Data.fs --name big --limit 10")
    .action(async (zurl: string, options: object) => {
      const { logCommand } = await import("@belay/wcfs");
      await logCommand(zurl, options);
    });

  subcommand(wcfs, "diff", "tell which blocks of a big file differ between two moments")
    .argument("<zurl>", "the database")
    .argument("<from>", "tid of the older moment")
    .argument("[to]", "tid of the newer moment (default: the newest)")
    .option("--name <key>", "key of the big file in the root object")
    .option("--oid <oid>", "the big file, as 16 hexadecimal digits")
    .option("--json", "as JSON lines")
    .addHelpText("after", "\nExample:\n  belay wcfs diff file:///srv/Data.fs 0410f5a1b2c3d4e5 --name big")
    .action(async (zurl: string, from: string, to: string | undefined, options: object) => {
      const { diffCommand } = await import("@belay/wcfs");
      await diffCommand(zurl, from, to, options);
    });
}
