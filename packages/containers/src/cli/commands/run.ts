import { engineFailed } from "../../errors/engine-errors.ts";
import { ownedScope } from "../../run/owned.ts";
import { runContainer } from "../../run/run-container.ts";
import { given, needed, text, words } from "../options.ts";
import type { CommandFunction, Invocation } from "./command.ts";
import { engineFor } from "./command.ts";

interface Run {
  readonly words: readonly string[];
  readonly keep: boolean;
  readonly asUser: boolean;
}

/** Runs a command in a container, by the rules of the Python tool: any failure is status 1. */
export const run: CommandFunction = (invocation) => {
  const { values, rest } = invocation;
  return start(invocation, { words: rest, keep: given(values, "keep"), asUser: given(values, "run_as_current_user") });
};

/** Compiles with the compiler of an image, in the current folder, as the current user. */
export const cc: CommandFunction = (invocation) => {
  const { values } = invocation;
  const args = invocation.rest[0] === "--" ? invocation.rest.slice(1) : invocation.rest;
  const here = process.cwd();
  const readable = words(values, "paths").flatMap((path) => ["-v", `${path}:${path}:ro,z`]);
  const mounts = ["-w", here, "-v", `${here}:${here}:rw`, ...readable];
  const command = [needed(values, "image", "--image"), text(values, "cc") ?? "cc", ...args];
  return start(invocation, { words: [...mounts, ...command], keep: false, asUser: true });
};

async function start(invocation: Invocation, { words, keep, asUser }: Run): Promise<number> {
  const engine = await engineFor(invocation);
  await using scope = await ownedScope();
  const { quiet, mode } = invocation;
  // The line about the filter it looks with is the script's.
  const talk = mode === "full" ? { ...invocation.talk, say: () => undefined } : invocation.talk;
  const status = await runContainer(engine, scope, { words, keep, asUser, quiet, mode }, talk);
  if (status !== 0) throw engineFailed([...engine.command, "run", ...words], status);
  return 0;
}
