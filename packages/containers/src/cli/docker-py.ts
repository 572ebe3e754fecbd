import { basename } from "node:path";
import { parseKnown } from "./argparse/parse.ts";
import { ParseExit } from "./argparse/spec.ts";
import type { Parsed } from "./argparse/spec.ts";
import type { CommandFunction } from "./commands/command.ts";
import { dockerPySpec } from "./docker-py-spec.ts";
import { processTalk, writeOut } from "./talk.ts";

const commands: Readonly<Record<string, () => Promise<CommandFunction>>> = {
  run: async () => (await import("./commands/run.ts")).run,
  build: async () => (await import("./commands/build.ts")).build,
  fetch: async () => (await import("./commands/fetch.ts")).fetch,
  update: async () => (await import("./commands/update.ts")).update,
  clean: async () => (await import("./commands/clean-all.ts")).cleanAll,
  images: async () => (await import("./commands/images.ts")).images,
  probe: async () => (await import("./commands/probe.ts")).probe,
  cc: async () => (await import("./commands/run.ts")).cc,
  check: async () => (await import("./commands/check.ts")).check,
};

/**
 * The command line of QEMU's `tests/docker/docker.py`.
 *
 * @param argv    words behind the program's name
 * @param program path or name the program was called by; `dockerfiles/` beside it is where `FROM qemu/NAME` is looked for first
 * @returns the exit status: 0, 1 for whatever fails, 2 for a wrong command line, 128 + n when ended by signal n
 */
export async function dockerPyMain(argv: readonly string[], program = "docker-py"): Promise<number> {
  const name = basename(program);
  const parsed = parse(argv, name);
  if (typeof parsed === "number") return parsed;
  try {
    return await dispatch(parsed, program);
  } catch (error) {
    const { report } = await import("./report.ts");
    return report(error, name);
  }
}

function parse(argv: readonly string[], name: string): Parsed | number {
  try {
    const parsed = parseKnown(dockerPySpec(name), argv);
    if (parsed.command !== undefined) return parsed;
    process.stderr.write(`usage: ${name} <subcommand> ...\n${name}: error: a subcommand is needed\n`);
    return 1;
  } catch (error) {
    if (!(error instanceof ParseExit)) throw error;
    if (error.status === 0) writeOut(error.message);
    else process.stderr.write(error.message);
    return error.status;
  }
}

async function dispatch({ command, values, rest }: Parsed, program: string): Promise<number> {
  const engine = values.get("engine");
  const load = commands[command?.name ?? ""];
  if (load === undefined) return 1;
  const run = await load();
  return await run({
    values,
    rest,
    talk: processTalk(),
    quiet: values.get("quiet") === true,
    engineChoice: engine === "docker" || engine === "podman" ? engine : "auto",
    program,
    mode: "compatible",
  });
}
