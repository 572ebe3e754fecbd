import { frontEndMain, isFrontEndCommand, runServer } from "@belay/wcfs";

/** Runs the command `belay`. @returns the exit code */
export async function belayMain(args: readonly string[]): Promise<number> {
  const serving = runServerCommand(args);
  if (serving !== undefined) return serving;
  if (args[0] === "container") {
    const { runContainer } = await import("./container.part.ts");
    return runContainer(args.slice(1));
  }
  const { runProgram } = await import("./belay.part.ts");
  return runProgram(args);
}

// These pass on options they do not know, in the server's own syntax: they are not for an option parser of another style.
function runServerCommand([group, command = "", ...rest]: readonly string[]): Promise<number> | undefined {
  if (group !== "wcfs" || rest.includes("--help")) return undefined;
  if (command === "server") return runServer(rest);
  return isFrontEndCommand(command) ? frontEndMain(command, rest, "belay wcfs") : undefined;
}
