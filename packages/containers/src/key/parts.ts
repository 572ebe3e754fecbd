import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { tryLibraries } from "../context/copy.ts";
import { unreadable } from "../errors/unreadable.ts";
import type { CurrentUser } from "../cross/user.ts";

/** The kinds of things that go into an image. */
export type PartKind = "dockerfile" | "base" | "executable" | "library" | "file" | "pre" | "arg" | "options" | "user";

/**
 * Everything that goes into an image, each with a digest: `dockerfile`, `base:NAME`, `executable:PATH`, `library:PATH`, `file:NAME`, `pre`,
 * `arg:NAME`, `options`, `user`.
 */
export type Parts = ReadonlyMap<string, string>;

/** What is known of a build before anything is copied and the engine is asked. */
export interface Ingredients {
  /** The Dockerfile with its chain of included ones inlined. */
  readonly preprocessed: string;
  readonly executable: string | undefined;
  /** Names as given; paths to read. */
  readonly files: readonly string[];
  readonly pre: string | undefined;
  readonly user: CurrentUser | undefined;
  /** Arguments for the engine. */
  readonly engineArgs: readonly string[];
}

/** Digests are cut: 64 bits tell two versions of one file apart, and the label stays readable. */
const digestLength = 16;

function digest(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex").slice(0, digestLength);
}

/** Base images by the name in the Dockerfile, with the id of the one that is here. */
export type Bases = ReadonlyMap<string, string | undefined>;

/** The ids of base images; an absent id means that the image is not here yet. */
export function baseParts(bases: Bases): (readonly [string, string])[] {
  return [...bases].map(([name, id]) => [`base:${name}`, id === undefined ? "absent" : shortId(id)] as const);
}

/**
 * Digests of everything that goes in but base images.
 *
 * @throws Mistake for an extra file that cannot be read
 */
export function partsOf(ingredients: Ingredients): Parts {
  const { preprocessed, executable, files, pre, user, engineArgs } = ingredients;
  const { args, rest } = splitArguments(engineArgs);
  return new Map([
    ["dockerfile", digest(preprocessed)],
    ...executableParts(executable),
    ...files.map((name) => [`file:${name}`, digest(readExtraFile(name))] as const),
    ...(pre === undefined ? [] : [["pre", digest(readFileSync(pre))] as const]),
    ...args.map(([name, value]) => [`arg:${name}`, digest(value)] as const),
    ...(rest.length === 0 ? [] : [["options", digest(rest.join("\0"))] as const]),
    ...(user === undefined ? [] : [["user", digest(`${user.name}\0${user.uid}`)] as const]),
  ]);
}

/** The bytes of an extra file. @throws Mistake with the errno name */
export function readExtraFile(name: string): Buffer {
  try {
    return readFileSync(name);
  } catch (error) {
    throw unreadable(`the extra file ${name}`, error);
  }
}

/** An executable with its libraries, the part the Python tool leaves out of its checksum. */
export function executableParts(executable: string | undefined): (readonly [string, string])[] {
  if (executable === undefined) return [];
  const libraries = tryLibraries(executable).found;
  return [
    [`executable:${executable}`, digestOf(executable)],
    ...libraries.map(({ path, realPath }) => [`library:${path}`, digest(readFileSync(realPath))] as const),
  ];
}

// The Python tool builds on without an executable that is missing, after a word about it.
function digestOf(executable: string): string {
  return existsSync(executable) ? digest(readFileSync(executable)) : "absent";
}

function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, digestLength);
}

// These say how to build, not what: a change in them makes no other image.
const indifferent =
  /^--(no-cache|quiet|progress|pull|rm|force-rm|network|jobs|layers|memory|cpus?|cpu-.*|ulimit|logfile|log-.*|iidfile)(=|$)|^-q$/;

/** Build arguments of the engine by name, and its other arguments that shape the image. */
export function splitArguments(engineArgs: readonly string[]): { args: [string, string][]; rest: string[] } {
  const args: [string, string][] = [];
  const rest: string[] = [];
  for (let index = 0; index < engineArgs.length; index++) {
    const word = engineArgs[index] ?? "";
    const given = word === "--build-arg" ? engineArgs[++index] : /^--build-arg=(.*)$/s.exec(word)?.[1];
    if (given === undefined) {
      if (!indifferent.test(word)) rest.push(word);
      continue;
    }
    const at = given.indexOf("=");
    const name = at < 0 ? given : given.slice(0, at);
    args.push([name, at < 0 ? (process.env[name] ?? "") : given.slice(at + 1)]);
  }
  return { args, rest };
}
