/** The command line of `belay container`: that of QEMU's docker script, and what goes beyond it. */
import type { CommandSpec, OptionSpec, PositionalSpec, ProgramSpec } from "./argparse/spec.ts";
import { dockerPySpec, flag, intType, programOptions, value } from "./docker-py-spec.ts";

const json = flag(["--json"], "json", "Print JSON lines on stdout; everything else goes to stderr");
const dryRun = flag(["--dry-run"], "dry_run", "Only tell what would be done");

const additions: Readonly<Record<string, readonly OptionSpec[]>> = {
  build: [
    value(["--all"], "all", "Build every Dockerfile of a folder (NAME.docker) that is stale, in order of need"),
    value(["--prefix"], "prefix", "With --all: what tags begin with (default: qemu/)"),
    { ...value(["--jobs", "-j"], "jobs", "With --all: builds at a time (default: one per processor)"), type: intType },
    dryRun,
    json,
  ],
  run: [
    value(
      ["--wcfs"],
      "wcfs",
      "Mount a database view read-only, at a fixed revision: ZURL[@TID][:/PATH] (default: newest, at /wcfs)",
    ),
    flag(["--private-network"], "private_network", "Give the run a network of its own"),
    value(["--record"], "record", "Write the run's record, for repeat, to this file"),
    flag(["--json"], "json", "Print the run's record as the last line of stdout; the command's output goes to stderr"),
  ],
  clean: [flag(["--all"], "all", "Also remove what still runs, whoever of this user started it"), dryRun, json],
};

const help: Readonly<Record<string, string>> = {
  run: "Run a command in a container that is gone afterwards",
  build: "Build an image unless everything that goes in is as it was",
  fetch: "Pull an image from a registry and name it",
  update: "Add an executable with its libraries, or the user, to an image",
  clean: "Remove what killed runs and builds have left",
  images: "List images",
  probe: "Tell which engine works",
  cc: "Compile with the compiler of an image",
  check: "Tell whether an image is current or old",
};

/** What the engine gets, or the command. Of the others' words none are passed on: `clean --dryrun` has to be told, not done. */
const tails: Readonly<Record<string, string>> = {
  run: "[ENGINE OPTIONS ...] IMAGE [COMMAND ...]",
  build: "[ENGINE OPTIONS ...]",
  images: "[ENGINE OPTIONS ...]",
  cc: "[-- ARGUMENTS ...]",
  explain: "[ENGINE OPTIONS ...]",
};

function extended(command: CommandSpec): CommandSpec {
  const options = [...command.options, ...(additions[command.name] ?? [])];
  return { ...command, help: help[command.name] ?? command.help, options };
}

function withTail(command: CommandSpec): CommandSpec {
  const tail = tails[command.name];
  return { ...command, ...(tail === undefined ? { closed: true } : { tail }) };
}

/** @param prog what users type: `belay container` */
export function containerSpec(prog: string): ProgramSpec {
  const commands = dockerPySpec(prog).commands.map(extended);
  const build = commands.find(({ name }) => name === "build")?.options ?? [];
  const inBuild = [
    "-h",
    "--include-executable",
    "--skip-binfmt",
    "--extra-files",
    "--add-current-user",
    "--registry",
    "--json",
  ];
  const positionals: PositionalSpec[] = [
    { dest: "tag", help: "Image tag" },
    { dest: "dockerfile", help: "Dockerfile name" },
  ];
  return {
    prog,
    usage: `${prog} <subcommand> ...`,
    before: prog,
    description: "Images built only when what goes in changed, runs that leave nothing behind.",
    options: programOptions,
    commands: [
      ...commands,
      {
        name: "explain",
        help: "Tell what has changed since an image was built",
        options: build.filter(({ flags }) => flags.some((each) => inBuild.includes(each))),
        positionals,
      },
      {
        name: "repeat",
        help: "Run again what a record tells: same image, same revision, same command",
        options: (commands.find(({ name }) => name === "run")?.options ?? []).filter(({ dest }) =>
          ["help", "quiet", "json", "record"].includes(dest),
        ),
        positionals: [{ dest: "file", help: "Record of a run; - for stdin" }],
      },
    ].map(withTail),
  };
}
