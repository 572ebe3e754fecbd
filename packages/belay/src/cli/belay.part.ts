import { CommanderError, type Command } from "commander";
import { endWhenOutputCloses, renderError, userError } from "@belay/supervise";
import { makeProgram } from "./program.ts";

/**
 * Parses a command line and runs its command.
 *
 * Everything that goes wrong ends up here: the error becomes text (or, with `--json`, a JSON line) on standard error and an exit
 * code. 0: done; 1: failed; 2: called wrongly; 130: interrupted; 70: a mistake in the program.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  endWhenOutputCloses("belay");
  const json = args.includes("--json");
  const program = makeProgram();
  if (json) silenceErrors(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // What was wrong has been told, or the help or version been shown.
    if (error instanceof CommanderError && (error.exitCode === 0 || !json)) return error.exitCode === 0 ? 0 : 2;
    const rendered = renderError(error instanceof CommanderError ? usageError(error) : error, { program: "belay" });
    process.stderr.write(`${json ? rendered.json : rendered.text}\n`);
    return rendered.exitCode;
  }
}

// The parser tells what was wrong itself, in a form for people.
function silenceErrors(command: Command): void {
  command.configureOutput({ outputError: () => undefined });
  for (const child of command.commands) silenceErrors(child);
}

function usageError({ message }: CommanderError): Error {
  return userError("EUSAGE", message.replace(/^error: /, ""));
}
