import { CommanderError } from "commander";
import { makeProgram } from "./program.ts";

/** Parses a command line and runs its command. @returns the exit code @throws what the command throws */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await makeProgram().parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // What was wrong has been told, or the help or version been shown.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
