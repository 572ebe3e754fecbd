import type { BuildRequest } from "../../build/request.ts";
import { judge } from "../../build/wanted.ts";
import { includeFolders } from "../../dockerfile/included.ts";
import { readDockerfile } from "../../dockerfile/text.ts";
import type { Engine } from "../../engine/engine.ts";
import { given, needed, text, words } from "../options.ts";
import type { CommandFunction, Invocation } from "./command.ts";
import { engineFor } from "./command.ts";

/** Builds an image unless it is current. */
export const build: CommandFunction = async (invocation) => {
  const { talk, quiet } = invocation;
  const dockerfile = needed(invocation.values, "dockerfile", "the Dockerfile (-f)");
  const content = readDockerfile(dockerfile);
  const request = buildRequest(invocation, needed(invocation.values, "tag", "the tag (-t)"), dockerfile);
  const { engine, current } = await engineAndState(invocation, request, content);
  if (current) {
    if (!quiet) talk.say("Image is up to date.");
    return 0;
  }
  const [{ buildImage }, { ownedScope }] = await Promise.all([
    import("../../build/build-image.ts"),
    import("../../run/owned.ts"),
  ]);
  await using scope = await ownedScope();
  const result = await buildImage(
    { engine, scope, talk, ...(talk.machine ? { stdoutTo: "stderr" } : {}) },
    request,
    content,
  );
  return result === "refused" ? 1 : 0;
};

// Who wants no cache gets a build in any case: nothing is asked.
async function engineAndState(
  invocation: Invocation,
  request: BuildRequest,
  content: string,
): Promise<{ engine: Engine; current: boolean }> {
  if (request.engineArgs.includes("--no-cache")) return { engine: await engineFor(invocation), current: false };
  const { engine, verdict } = await judge(invocation.engineChoice, request, content);
  return { engine, current: verdict.current };
}

/** The request a command line stands for. */
export function buildRequest(
  { values, rest, quiet, program, mode }: Invocation,
  tag: string,
  dockerfile: string,
): BuildRequest {
  return {
    tag,
    dockerfile,
    includeFolders: includeFolders(program, dockerfile),
    executable: text(values, "include_executable"),
    skipBinfmt: given(values, "skip_binfmt"),
    extraFiles: words(values, "extra_files"),
    addUser: given(values, "user"),
    registry: text(values, "registry"),
    quiet,
    engineArgs: rest,
    mode,
  };
}
