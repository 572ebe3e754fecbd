import { runBuild, stepRemoval } from "../../build/build-image.ts";
import { updateContext } from "../../build/update-image.ts";
import { ownedScope } from "../../run/owned.ts";
import { given, needed, text } from "../options.ts";
import type { CommandFunction } from "./command.ts";
import { engineFor } from "./command.ts";

/** Adds an executable or the user to an image that is there. */
export const update: CommandFunction = async (invocation) => {
  const { values, talk, quiet, mode } = invocation;
  const tag = needed(values, "tag", "the tag");
  const context = updateContext({ tag, executable: text(values, "executable"), addUser: given(values, "user") }, talk);
  if (context === undefined) return 1;
  const engine = await engineFor(invocation);
  await using scope = await ownedScope();
  const words = ["build", "-t", tag, ...stepRemoval(engine, mode), "-"];
  await runBuild({ engine, scope, talk }, words, context.name, { quiet, stdin: context.archive });
  return 0;
};
