import { CommanderError } from "commander";
import { renderError } from "@belay/supervise";
import { makeProgram } from "./program.ts";

/**
 * Parses a command line and runs its command.
 *
 * Everything that goes wrong ends up here: the error becomes text (or, with `--json`, a JSON line) on standard error and an exit
 * code. 0: done; 1: failed; 2: called wrongly; 130: interrupted; 70: a mistake in the program.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await makeProgram().parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // What was wrong has been told, or the help or version been shown.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { text, json, exitCode } = renderError(error, { program: "belay" });
    process.stderr.write(`${args.includes("--json") ? json : text}\n`);
    return exitCode;
  }
}
