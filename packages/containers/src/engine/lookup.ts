import { outputOf } from "./call.ts";
import type { CallOutput } from "./call.ts";
import type { Engine } from "./engine.ts";
import { inspectImages, parseInspect } from "./inspect.ts";
import type { ImageInfo } from "./inspect.ts";

/** Finds images by name; the answer has one place for each name, empty where there is no such image. */
export type Lookup = (names: readonly string[]) => Promise<readonly (ImageInfo | undefined)[]>;

/**
 * Asks the engine, in one call when all images are there.
 *
 * @param answer what it answered to that call, where it was asked already
 */
export function engineLookup(engine: Engine, answer?: Promise<CallOutput>): Lookup {
  let first = answer;
  return async (names) => {
    const all = first === undefined ? await inspectImages(engine, names) : parseInspect((await first).stdout);
    first = undefined;
    // Nothing in the answer tells which one is missing: then each is asked for by itself.
    if (all.length === names.length) return all;
    if (names.length === 1) return [undefined];
    return await Promise.all(names.map(async (name) => (await inspectImages(engine, [name]))[0]));
  };
}

/** A lookup that remembers. */
export interface ImageTable {
  readonly lookup: Lookup;
  /** The image of this name was made anew: the engine is asked for it again. */
  forget(name: string): void;
}

/** Learns all of these images in two calls of the engine, whatever their number. */
export async function imageTable(engine: Engine, names: readonly string[]): Promise<ImageTable> {
  const here = new Set((await listNames(engine)).map(fullName));
  const known = names.filter((name) => here.has(fullName(name)));
  const infos = await engineLookup(engine)(known);
  const table = new Map<string, ImageInfo | undefined>(names.map((name) => [name, undefined]));
  for (const [index, name] of known.entries()) table.set(name, infos[index]);
  return {
    forget: (name) => void table.delete(name),
    lookup: async (wanted) => {
      const unknown = wanted.filter((name) => !table.has(name));
      const found = await engineLookup(engine)(unknown);
      for (const [index, name] of unknown.entries()) table.set(name, found[index]);
      return wanted.map((name) => table.get(name));
    },
  };
}

async function listNames(engine: Engine): Promise<string[]> {
  return (await outputOf(engine, ["images", "--format", "{{.Repository}}:{{.Tag}}"])).split("\n");
}

/** A name with what engines add to it when they store it: the registry they look at first is left out, the tag put in. */
export function fullName(name: string): string {
  const short = name.replace(/^(localhost|docker\.io\/library|docker\.io)\//, "");
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
}
