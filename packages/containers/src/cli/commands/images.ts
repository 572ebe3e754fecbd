import { call } from "../../engine/call.ts";
import type { CommandFunction } from "./command.ts";
import { engineFor } from "./command.ts";

/** Has the engine list its images; further words are its own. Leaves with its status. */
export const images: CommandFunction = async (invocation) => {
  const engine = await engineFor(invocation);
  return await call(engine, ["images", ...invocation.rest], { quiet: invocation.quiet });
};
