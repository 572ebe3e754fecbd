import { currentUser } from "../cross/user.ts";
import { preScript } from "../context/pre-script.ts";
import { baseImages } from "../dockerfile/bases.ts";
import { includedFrom } from "../dockerfile/included.ts";
import { checksum, preprocess } from "../dockerfile/preprocess.ts";
import { askEngine } from "../engine/ask.ts";
import type { Engine, EngineChoice } from "../engine/engine.ts";
import { imageWords, inspected, inspectWords } from "../engine/inspect.ts";
import { engineLookup } from "../engine/lookup.ts";
import type { Lookup } from "../engine/lookup.ts";
import { compare } from "../key/compare.ts";
import type { Verdict, Wanted } from "../key/compare.ts";
import { baseParts, executableParts, partsOf, readExtraFile, splitArguments } from "../key/parts.ts";
import type { Bases, Parts } from "../key/parts.ts";
import type { BuildRequest } from "./request.ts";

/** An engine, and what it has led us to think of an image. */
export interface Judged {
  readonly engine: Engine;
  readonly verdict: Verdict;
}

/**
 * Tells whether an image is what a build would make, in as few calls of the engine as possible. What our own files say is worked out while
 * it answers.
 *
 * @param text the Dockerfile
 * @throws BelayError `ENOENGINE`; errno errors of reading an included Dockerfile or the executable
 */
export async function judge(choice: EngineChoice, request: BuildRequest, text: string): Promise<Judged> {
  return await (request.mode === "full" ? judgeByAll : judgeByLabels)(choice, request, text);
}

async function judgeByLabels(choice: EngineChoice, request: BuildRequest, text: string): Promise<Judged> {
  const asked = askEngine(choice, inspectWords(request.tag));
  const wanted = started(() => compatibleWanted(request, text));
  const engine = await asked.engine;
  const image = inspected(await asked.answer);
  return { engine, verdict: image === undefined ? noImage : compare(image.labels, wanted()) };
}

async function judgeByAll(choice: EngineChoice, request: BuildRequest, text: string): Promise<Judged> {
  const asked = askEngine(choice, imageWords([request.tag, ...basesToAsk(request, text)]));
  const wanted = fullWanted(request, text);
  const engine = await asked.engine;
  return { engine, verdict: await judgeFully(engineLookup(engine, asked.answer), request, text, wanted) };
}

/**
 * Compares everything that goes in.
 *
 * @param wanted of the same request and Dockerfile
 * @throws as {@link judge}
 */
export async function judgeFully(
  lookup: Lookup,
  request: BuildRequest,
  text: string,
  wanted = fullWanted(request, text),
): Promise<Verdict> {
  const names = basesToAsk(request, text);
  const [image, ...found] = await lookup([request.tag, ...names]);
  if (image === undefined) return noImage;
  const bases =
    request.registry === undefined
      ? new Map(names.map((name, index) => [name, found[index]?.id]))
      : await findBases(lookup, request, text);
  return compare(image.labels, wanted(bases));
}

const noImage: Verdict = { current: false, by: "absent", differences: [] };

// What fails is told when the outcome is asked for: nobody may want it.
function started<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function compatibleWanted(request: BuildRequest, text: string): Wanted {
  return {
    checksum: checksum(preprocess(text, includedFrom(request.includeFolders))),
    files: fileSums(request.extraFiles, true),
    parts: new Map(executableParts(request.executable)),
    scope: "shared",
  };
}

/** Everything of a build as it stands in labels; what is missing is only the ids of the base images. */
export function fullWanted(request: BuildRequest, text: string): (bases: Bases) => Wanted {
  const own = started(() => {
    const preprocessed = preprocess(text, includedFrom(request.includeFolders));
    return {
      checksum: checksum(preprocessed),
      files: fileSums(request.extraFiles, true),
      parts: ownParts(request, preprocessed),
      scope: "all",
    } as const;
  });
  return (bases) => ({ ...own(), parts: new Map([...own().parts, ...baseParts(bases)]) });
}

/** The parts of the rebuild key without the base images. */
export function ownParts(request: BuildRequest, preprocessed: string): Parts {
  return partsOf({
    preprocessed,
    executable: request.executable,
    files: request.extraFiles,
    pre: preScript(request.dockerfile),
    user: request.addUser ? currentUser() : undefined,
    engineArgs: request.engineArgs,
  });
}

/** SHA-1 of each extra file. @param lenient leave out files that are not there, for whoever only compares */
export function fileSums(files: readonly string[], lenient = false): [string, string][] {
  return files.flatMap((name) => {
    try {
      return [[name, checksum(readExtraFile(name))] as [string, string]];
    } catch (error) {
      if (lenient) return [];
      throw error;
    }
  });
}

// A registry's copies have other names: then bases are asked for when the image is there.
function basesToAsk(request: BuildRequest, text: string): string[] {
  return request.registry === undefined ? baseNames(request, text) : [];
}

function baseNames(request: BuildRequest, text: string): string[] {
  return baseImages(text, new Map(splitArguments(request.engineArgs).args));
}

/** The base images that are here. With a registry, its copy of a `qemu/…` image comes first, as it does in the build. */
export async function findBases(lookup: Lookup, request: BuildRequest, text: string): Promise<Bases> {
  const names = baseNames(request, text);
  const plain = await lookup(names);
  const remote = names.map((name) => (name.startsWith("qemu/") ? `${request.registry ?? ""}/${name}` : name));
  const copies = request.registry === undefined ? [] : await lookup(remote);
  return new Map(names.map((name, index) => [name, (copies[index] ?? plain[index])?.id]));
}
