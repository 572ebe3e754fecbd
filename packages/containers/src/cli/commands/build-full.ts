import { judge } from "../../build/wanted.ts";
import { readDockerfile } from "../../dockerfile/text.ts";
import { needed, text } from "../options.ts";
import { given } from "../options.ts";
import { buildRequest } from "./build.ts";
import type { CommandFunction } from "./command.ts";
import { verdictLines } from "./explain.ts";

/** `build` of `belay container`: one image, or with `--all` a folder of them. */
export const buildFull: CommandFunction = async (invocation) => {
  const folder = text(invocation.values, "all");
  if (folder !== undefined) {
    const { buildAll } = await import("./build-all.ts");
    return await buildAll(invocation, folder);
  }
  const { talk, quiet, values } = invocation;
  const dockerfile = needed(values, "dockerfile", "the Dockerfile (-f)");
  const content = readDockerfile(dockerfile);
  const tag = needed(values, "tag", "the tag (-t)");
  const request = buildRequest(invocation, tag, dockerfile);
  const { engine, verdict } = await judge(invocation.engineChoice, request, content);
  const { differences, by } = verdict;
  const current = verdict.current && !request.engineArgs.includes("--no-cache");
  const tell = (result: string): void => {
    if (talk.machine) talk.json({ tag, result, by, differences });
  };
  if (current || given(values, "dry_run")) {
    tell(current ? "current" : "stale");
    if (!talk.machine && !quiet) talk.say(current ? "Image is up to date." : verdictLines(tag, verdict).join("\n"));
    return 0;
  }
  if (!quiet && verdict.by === "key") for (const line of verdictLines(tag, verdict)) talk.say(line);
  const [{ buildImage }, { ownedScope }] = await Promise.all([
    import("../../build/build-image.ts"),
    import("../../run/owned.ts"),
  ]);
  await using scope = await ownedScope();
  const tools = { engine, scope, talk, ...(talk.machine ? ({ stdoutTo: "stderr" } as const) : {}) };
  const result = await buildImage(tools, request, content);
  tell(result);
  return result === "refused" ? 1 : 0;
};
