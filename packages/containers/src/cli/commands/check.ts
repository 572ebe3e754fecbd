import { includedFrom, includeFolders } from "../../dockerfile/included.ts";
import { dockerfileChecksum } from "../../dockerfile/preprocess.ts";
import { readDockerfile } from "../../dockerfile/text.ts";
import { askEngine } from "../../engine/ask.ts";
import { callForOutput } from "../../engine/call.ts";
import type { Engine } from "../../engine/engine.ts";
import { inspected, inspectWords } from "../../engine/inspect.ts";
import type { ImageInfo } from "../../engine/inspect.ts";
import { labels } from "../../engine/labels.ts";
import { needed, text } from "../options.ts";
import type { CommandFunction, Invocation } from "./command.ts";

/** Tells by its exit status whether an image is current: 0 yes, 1 no, not there, or no engine. */
export const check: CommandFunction = async (invocation) => {
  const tag = needed(invocation.values, "tag", "the tag");
  const asked = askEngine(invocation.engineChoice, inspectWords(tag));
  const engine = await engineOrWord(invocation, asked.engine);
  if (engine === undefined) return 1;
  const image = inspected(await asked.answer);
  if (image === undefined) {
    invocation.talk.say("Image does not exist");
    return 1;
  }
  return text(invocation.values, "checktype") === "age"
    ? checkAge(invocation, image)
    : checkSum(invocation, tag, image, engine);
};

async function engineOrWord({ talk }: Invocation, engine: Promise<Engine>): Promise<Engine | undefined> {
  try {
    return await engine;
  } catch (error) {
    talk.say("Docker not set up");
    if (error instanceof Error) talk.warn(error.message);
    return undefined;
  }
}

async function checkSum(
  { values, talk, quiet, program }: Invocation,
  tag: string,
  first: ImageInfo,
  engine: Engine,
): Promise<number> {
  const dockerfile = text(values, "dockerfile");
  if (dockerfile === undefined) {
    talk.say(`Need a dockerfile for tag:${tag}`);
    return 1;
  }
  const content = readDockerfile(dockerfile);
  // The Python tool asks the engine once more here; whoever counts its calls finds the same ones.
  const image = inspected(await callForOutput(engine, inspectWords(tag))) ?? first;
  const sum = dockerfileChecksum(content, includedFrom(includeFolders(program, dockerfile)));
  const current = image.labels.get(labels.dockerfile) === sum;
  if (!current) talk.say("Image needs updating");
  else if (!quiet) talk.say("Image is up to date");
  return current ? 0 : 1;
}

function checkAge({ values, talk, quiet }: Invocation, image: ImageInfo): number {
  const given = values.get("olderthan");
  const minutes = typeof given === "number" ? given : 60;
  const second = image.created.split(".")[0] ?? "";
  if (Date.parse(image.created) < Date.now() - minutes * 60_000) {
    talk.say(`Image created @ ${second} more than ${minutes} minutes old`);
    return 1;
  }
  if (!quiet) talk.say(`Image less than ${minutes} minutes old`);
  return 0;
}
