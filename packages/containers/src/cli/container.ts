import type { WcfsMounter } from "../run/wcfs.ts";
import { partRunWords } from "../run/words.ts";
import { parseKnown } from "./argparse/parse.ts";
import { ParseExit } from "./argparse/spec.ts";
import type { Parsed } from "./argparse/spec.ts";
import type { CommandFunction, Invocation } from "./commands/command.ts";
import { containerSpec } from "./container-spec.ts";
import { processTalk, writeOut } from "./talk.ts";

/** What the command line's package lends us. */
export interface ContainerOptions {
  /** For `run --wcfs`. */
  readonly mountWcfs?: WcfsMounter;
  /** What users type. Default `belay container`. */
  readonly prog?: string;
}

/** The words of a run that belong to the container, not to us. */
interface Inside {
  readonly image: string | undefined;
  readonly command: readonly string[];
}

type Loader = (options: ContainerOptions, inside: Inside) => Promise<CommandFunction>;

const commands: Readonly<Record<string, Loader>> = {
  build: async () => (await import("./commands/build-full.ts")).buildFull,
  explain: async () => (await import("./commands/explain.ts")).explain,
  run: async ({ mountWcfs }, { image, command }) => {
    const { runRecorded } = await import("./commands/run-recorded.ts");
    return (invocation) => runRecorded(invocation, image, command, mountWcfs);
  },
  repeat: async ({ mountWcfs }) => {
    const { repeat } = await import("./commands/run-recorded.ts");
    return (invocation) => repeat(invocation, mountWcfs);
  },
  clean: async () => (await import("./commands/clean.ts")).clean,
  fetch: async () => (await import("./commands/fetch.ts")).fetch,
  update: async () => (await import("./commands/update.ts")).update,
  images: async () => (await import("./commands/images.ts")).images,
  probe: async () => (await import("./commands/probe.ts")).probe,
  cc: async () => (await import("./commands/run.ts")).cc,
  check: async () => (await import("./commands/check.ts")).check,
};

/** What `belay container` can do, for completions and the like: name and one line. */
export function containerCommands(): readonly { readonly name: string; readonly help: string }[] {
  return containerSpec("").commands.map(({ name, help }) => ({ name, help }));
}

/**
 * `belay container …`.
 *
 * @param argv words behind `container`
 * @returns the exit status: of `run` and `repeat` the command's own; else 0, 1 for what fails, 2 for a wrong command line, 128 + n when ended
 *   by signal n
 */
export async function containerMain(argv: readonly string[], options: ContainerOptions = {}): Promise<number> {
  const prog = options.prog ?? "belay container";
  const { outside, inside } = partInside(argv);
  const parsed = parse(outside, prog);
  if (typeof parsed === "number") return parsed;
  const json = parsed.values.get("json") === true;
  try {
    const load = commands[parsed.command?.name ?? ""];
    const run = await load?.(options, inside);
    return (await run?.(invocationOf(parsed, json))) ?? 1;
  } catch (error) {
    const { report } = await import("./report.ts");
    return report(error, prog, json, 2);
  }
}

// Behind the image every word is the command's: `run image ls -h` is no cry for our help.
function partInside(argv: readonly string[]): { outside: readonly string[]; inside: Inside } {
  const at = argv.indexOf("run");
  const before = argv.slice(0, Math.max(at, 0));
  if (at < 0 || before.some((word) => !word.startsWith("-") && !["auto", "podman", "docker"].includes(word))) {
    return { outside: argv, inside: { image: undefined, command: [] } };
  }
  const flags = ["--keep", "--run-as-current-user", "--private-network", "--json", "--quiet"];
  const { options, image, command } = partRunWords(argv.slice(at + 1), flags);
  return { outside: [...argv.slice(0, at + 1), ...options], inside: { image, command } };
}

function parse(argv: readonly string[], prog: string): Parsed | number {
  try {
    const parsed = parseKnown(containerSpec(prog), argv);
    return parsed.command === undefined ? parseKnown(containerSpec(prog), ["--help"]) : parsed;
  } catch (error) {
    if (!(error instanceof ParseExit)) throw error;
    if (error.status === 0) writeOut(error.message);
    else process.stderr.write(error.message);
    return error.status;
  }
}

function invocationOf({ values, rest }: Parsed, json: boolean): Invocation {
  const engine = values.get("engine");
  return {
    values,
    rest,
    talk: processTalk(json),
    quiet: values.get("quiet") === true,
    engineChoice: engine === "docker" || engine === "podman" ? engine : "auto",
    program: "belay",
    mode: "full",
  };
}
