import { renderError } from "@belay/supervise";
import { frontEndMain, isFrontEndCommand, runServer } from "@belay/wcfs";

/**
 * Runs the command `belay`.
 *
 * Everything that goes wrong ends up here: the error becomes text (or, with `--json`, a JSON line) on standard error and an exit
 * code. 0: done; 1: failed; 2: called wrongly; 130: interrupted; 70: a mistake in the program.
 */
export async function belayMain(args: readonly string[]): Promise<number> {
  try {
    const serving = await runServerCommand(args);
    if (serving !== undefined) return serving;
    const { runProgram } = await import("./run-program.ts");
    return await runProgram(args);
  } catch (error) {
    const { text, json, exitCode } = renderError(error, { program: "belay" });
    process.stderr.write(`${args.includes("--json") ? json : text}\n`);
    return exitCode;
  }
}

// These pass on options they do not know, in the server's own syntax: they are not for an option parser of another style.
async function runServerCommand([group, command = "", ...rest]: readonly string[]): Promise<number | undefined> {
  if (group !== "wcfs" || rest.includes("--help")) return undefined;
  if (command === "server") return runServer(rest);
  return isFrontEndCommand(command) ? frontEndMain(command, rest, "belay wcfs") : undefined;
}
