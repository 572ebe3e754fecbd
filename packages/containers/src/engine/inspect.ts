import { callForOutput } from "./call.ts";
import type { CallOutput } from "./call.ts";
import type { Engine } from "./engine.ts";

/** What we read of an engine's answer to `inspect`. Everything else in it is left alone. */
export interface ImageInfo {
  readonly id: string;
  /** As the engine writes it: ISO 8601 with up to nine decimals. */
  readonly created: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly repoTags: readonly string[];
  /** `sha256:…` of the manifest, as podman tells it; docker tells it only of what came from a registry. */
  readonly digest: string;
  /** `REPOSITORY@sha256:…`, one for each registry it came from. */
  readonly repoDigests: readonly string[];
}

/** Words that ask for one image or container of this name. */
export function inspectWords(tag: string): string[] {
  return ["inspect", tag];
}

/** The answer to {@link inspectWords}: undefined where there is none, or where it is not what an engine answers. */
export function inspected({ status, stdout }: CallOutput): ImageInfo | undefined {
  return status === 0 ? parseInspect(stdout)[0] : undefined;
}

/** Words that ask for several images in one call; those that are not there have no entry in the answer. */
export function imageWords(names: readonly string[]): string[] {
  return ["image", "inspect", ...names];
}

/** Asks for several images in one call. */
export async function inspectImages(engine: Engine, names: readonly string[]): Promise<ImageInfo[]> {
  if (names.length === 0) return [];
  const { stdout } = await callForOutput(engine, imageWords(names));
  return parseInspect(stdout);
}

/** Reads the JSON of `inspect`; an answer that is no list of objects counts as empty. */
export function parseInspect(text: string): ImageInfo[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(answer) ? answer.map(imageInfo) : [];
}

function imageInfo(answer: unknown): ImageInfo {
  return {
    id: textOf(member(answer, "Id")),
    created: textOf(member(answer, "Created")),
    labels: new Map(stringEntries(member(member(answer, "Config"), "Labels"))),
    repoTags: listOf(member(answer, "RepoTags")),
    digest: textOf(member(answer, "Digest")),
    repoDigests: listOf(member(answer, "RepoDigests")),
  };
}

/** `sha256:…` of the manifest by which an image can be fetched again under a name; empty where the engine knows none. */
export function digestFor({ digest, repoDigests }: ImageInfo, name: string): string {
  const repository = name.replace(/(:[^/:]*|@.*)$/, "");
  const pairs = repoDigests.map((each) => each.split("@"));
  return (pairs.find(([from = ""]) => from === repository) ?? [])[1] ?? digest;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function stringEntries(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : []));
}
