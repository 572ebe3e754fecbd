/** The command line of QEMU's docker script, word for word: build systems parse its help and rely on its option names. */
import { helpOption } from "./argparse/spec.ts";
import type { ArgumentType, CommandSpec, OptionSpec, PositionalSpec, ProgramSpec } from "./argparse/spec.ts";

const engineType: ArgumentType = {
  name: "argparse",
  // Names of engines may be in capitals; anything else stays as written for the error message.
  read: (text) => (["AUTO", "DOCKER", "PODMAN"].includes(text.toUpperCase()) ? text.toLowerCase() : text),
  bareChoices: true,
};

/** A whole number, as Python reads one. */
export const intType: ArgumentType = {
  name: "int",
  read: (text) => (/^\s*[-+]?\d+(_\d+)*\s*$/.test(text) ? Number(text.replaceAll("_", "")) : undefined),
};

/** An option without a value. */
export function flag(flags: string[], dest: string, help: string): OptionSpec {
  return { flags, dest, kind: "flag", help };
}

/** An option with one value. */
export function value(flags: string[], dest: string, help: string): OptionSpec {
  return { flags, dest, kind: "value", help };
}

function list(flags: string[], dest: string, help: string): OptionSpec {
  return { flags, dest, kind: "list", help };
}

function command(
  name: string,
  help: string,
  options: OptionSpec[] = [],
  positionals: PositionalSpec[] = [],
): CommandSpec {
  const quiet = flag(["--quiet"], "quiet", "Run quietly unless an error occurred");
  return { name, help, options: [helpOption, quiet, ...options], positionals };
}

const tag: PositionalSpec = { dest: "tag", help: "Image Tag" };
const addUser = flag(["--add-current-user", "-u"], "user", "Add the current user to image's passwd");

const run = command("run", "Invoke docker run and take care of cleaning up", [
  flag(["--keep"], "keep", "Don't remove image when command completes"),
  flag(["--run-as-current-user"], "run_as_current_user", "Run container using the current user's uid"),
]);

const build = command("build", "Build docker image out of a dockerfile. Arg: <tag> <dockerfile>", [
  value(
    ["--include-executable", "-e"],
    "include_executable",
    "Specify a binary that will be copied to the container together with all its dependent libraries",
  ),
  flag(["--skip-binfmt"], "skip_binfmt", "Skip binfmt entry check (used for testing)"),
  list(
    ["--extra-files"],
    "extra_files",
    "Specify files that will be copied in the Docker image, fulfilling the ADD directive from the Dockerfile",
  ),
  addUser,
  value(["--registry", "-r"], "registry", "cache from docker registry"),
  value(["-t"], "tag", "Image Tag"),
  value(["-f"], "dockerfile", "Dockerfile name"),
]);

const fetch = command(
  "fetch",
  "Fetch a docker image from the registry. Args: <tag> <registry>",
  [],
  [
    { dest: "tag", help: "Local tag for image" },
    { dest: "registry", help: "Docker registry" },
  ],
);

const update = command(
  "update",
  "Update a docker image. Args: <tag> <actions>",
  [value(["--executable"], "executable", "Executable to copy"), addUser],
  [tag],
);

const cc = command("cc", "Compile sources with cc in images", [
  { ...value(["--image", "-i"], "image", "The docker image in which to run cc"), required: true },
  value(["--cc"], "cc", "The compiler executable to call"),
  list(["--source-path", "-s"], "paths", "Extra paths to (ro) mount into container for reading sources"),
]);

const check = command(
  "check",
  "Check if we need to re-build a docker image out of a dockerfile. Arguments: <tag> <dockerfile>",
  [
    { ...value(["--checktype"], "checktype", "check type"), choices: ["checksum", "age"] },
    { ...value(["--olderthan"], "olderthan", "number of minutes"), type: intType },
  ],
  [tag, { dest: "dockerfile", help: "Dockerfile name", optional: true }],
);

/** Options before the subcommand. */
export const programOptions: readonly OptionSpec[] = [
  helpOption,
  {
    ...value(["--engine"], "engine", "specify which container engine to use"),
    choices: ["auto", "docker", "podman"],
    type: engineType,
  },
];

/** @param prog the name the program was called by (`docker-py`, `docker.py`) */
export function dockerPySpec(prog: string): ProgramSpec {
  return {
    prog,
    usage: `${prog} <subcommand> ...`,
    description: "A Docker helper",
    options: programOptions,
    commands: [
      run,
      build,
      fetch,
      update,
      command("clean", "Clean up docker instances"),
      command("images", 'Run "docker images" command'),
      command("probe", "Probe if we can run docker automatically"),
      cc,
      check,
    ],
  };
}
