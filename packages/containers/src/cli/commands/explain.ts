import { judge } from "../../build/wanted.ts";
import { readDockerfile } from "../../dockerfile/text.ts";
import type { Difference, Verdict } from "../../key/compare.ts";
import { needed } from "../options.ts";
import { buildRequest } from "./build.ts";
import type { CommandFunction } from "./command.ts";

/** Tells what is not as it was when the image was built. Leaves with 0 when nothing is. */
export const explain: CommandFunction = async (invocation) => {
  const tag = needed(invocation.values, "tag", "the tag");
  const dockerfile = needed(invocation.values, "dockerfile", "the Dockerfile");
  const request = buildRequest(invocation, tag, dockerfile);
  const { verdict } = await judge(invocation.engineChoice, request, readDockerfile(dockerfile));
  if (invocation.talk.machine) invocation.talk.json({ tag, ...verdict });
  else for (const line of verdictLines(tag, verdict)) invocation.talk.say(line);
  return verdict.current ? 0 : 1;
};

/** A verdict for people. */
export function verdictLines(tag: string, { current, by, differences }: Verdict): string[] {
  if (by === "absent") return [`${tag}: there is no such image`];
  if (by === "none") return [`${tag}: stale (it bears no labels of a build: made by other means)`];
  const known = by === "checksum" ? " (it has no rebuild key: only Dockerfile and extra files can be compared)" : "";
  if (current) return [`${tag}: up to date${known}`];
  return [`${tag}: stale${known}`, ...differences.map((each) => `  ${differenceText(each)}`)];
}

/** One difference for people: `library:/lib/libc.so.6 changed (0123… -> 4567…)`. */
export function differenceText({ part, change, was, is }: Difference): string {
  const digests = [was, is].filter((each) => each !== undefined).map((each) => each.slice(0, 12));
  return `${part} ${change} (${digests.join(" -> ")})`;
}
