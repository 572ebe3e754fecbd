import { readFileSync } from "node:fs";
import { currentUser } from "../cross/user.ts";
import { preScript } from "../context/pre-script.ts";
import { baseImages } from "../dockerfile/bases.ts";
import { includedFrom } from "../dockerfile/included.ts";
import { checksum, preprocess } from "../dockerfile/preprocess.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectTag } from "../engine/inspect.ts";
import { engineLookup } from "../engine/lookup.ts";
import type { Lookup } from "../engine/lookup.ts";
import { compare } from "../key/compare.ts";
import type { Verdict, Wanted } from "../key/compare.ts";
import { executableParts, partsOf, splitArguments } from "../key/parts.ts";
import type { Parts } from "../key/parts.ts";
import type { BuildRequest } from "./request.ts";

/** Base images by the name in the Dockerfile, with the id of the one that is here. */
export type Bases = ReadonlyMap<string, string | undefined>;

/**
 * Tells whether an image is what a build would make, in as few calls of the engine as possible.
 *
 * @param text the Dockerfile
 * @throws errno errors of reading an included Dockerfile or the executable
 */
export async function judge(engine: Engine, request: BuildRequest, text: string): Promise<Verdict> {
  if (request.mode === "full") return await judgeFully(engineLookup(engine), request, text);
  const image = await inspectTag(engine, request.tag);
  return image === undefined ? noImage : compare(image.labels, compatibleWanted(request, text));
}

/** Compares everything that goes in. @throws as {@link judge} */
export async function judgeFully(lookup: Lookup, request: BuildRequest, text: string): Promise<Verdict> {
  const names = request.registry === undefined ? baseNames(request, text) : [];
  const [image, ...found] = await lookup([request.tag, ...names]);
  if (image === undefined) return noImage;
  const bases =
    request.registry === undefined
      ? new Map(names.map((name, index) => [name, found[index]?.id]))
      : await findBases(lookup, request, text);
  return compare(image.labels, fullWanted(request, text, bases));
}

const noImage: Verdict = { current: false, by: "none", differences: [] };

function compatibleWanted(request: BuildRequest, text: string): Wanted {
  const { executable } = request;
  return {
    checksum: checksum(preprocess(text, includedFrom(request.includeFolders))),
    files: fileSums(request.extraFiles, true),
    parts: new Map(executableParts(executable)),
    scope: "shared",
  };
}

/** Everything of a build as it stands in labels. */
export function fullWanted(request: BuildRequest, text: string, bases: Bases): Wanted {
  const preprocessed = preprocess(text, includedFrom(request.includeFolders));
  return {
    checksum: checksum(preprocessed),
    files: fileSums(request.extraFiles, true),
    parts: fullParts(request, preprocessed, bases),
    scope: "all",
  };
}

/** The parts of the rebuild key. */
export function fullParts(request: BuildRequest, preprocessed: string, bases: Bases): Parts {
  return partsOf({
    preprocessed,
    bases,
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
      return [[name, checksum(readFileSync(name))] as [string, string]];
    } catch (error) {
      if (lenient) return [];
      throw error;
    }
  });
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
