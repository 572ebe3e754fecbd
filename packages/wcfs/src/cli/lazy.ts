// Each part is loaded when it is needed. In the single executable a part is a script of its own (scripts/build.ts): it shares no module with
// the rest, so nothing but plain values may pass between them.
import type { FrontEndCommand } from "./front-end-commands.ts";

/** Runs a command of the front end. @param program how the user called it, for messages @returns the exit code */
export async function frontEndMain(
  command: FrontEndCommand,
  args: readonly string[],
  program = "wcfs",
): Promise<number> {
  const loaded = await import("./front-end.part.ts");
  return loaded.frontEndMain(command, args, program);
}

/** Runs the server in this process. @param args its options, the zurl and the mountpoint @returns the exit code */
export async function runServer(args: readonly string[]): Promise<number> {
  const loaded = await import("./run-server.part.ts");
  return loaded.runServer(args);
}
