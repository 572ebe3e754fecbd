import { chmodSync, copyFileSync, constants, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Talk } from "../cli/talk.ts";
import { librariesOf } from "../elf/libraries.ts";
import type { Libraries } from "../elf/libraries.ts";

/**
 * Copies a file with its mode into a folder of the context, which is made if it is not there. A missing file is told, not thrown.
 *
 * @param folder  inside the context; `..` does not lead out of it
 * @throws errno errors other than ENOENT
 */
export function copyInto(talk: Talk, source: string, context: string, folder = ".", name = basename(source)): void {
  const target = join(context, join("/", folder), name);
  try {
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    chmodSync(target, statSync(source).mode & 0o7777);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    talk.say(`Couldn't copy ${source} to ${target}`);
  }
}

/**
 * The libraries of an executable, with a line about what has none.
 *
 * An executable that is not there has no libraries either: whoever copies it tells that it is missing.
 */
export function librariesTold(talk: Talk, executable: string): Libraries {
  const libraries = tryLibraries(executable);
  if (libraries.linking === "none") talk.say(`${executable} had no associated libraries (static build?)`);
  for (const { name, neededBy } of libraries.missing)
    talk.warn(`${name}, needed by ${neededBy}, is not on this machine`);
  return libraries;
}

/** As {@link librariesOf}, where an unreadable file counts as one without libraries. */
export function tryLibraries(executable: string): Libraries {
  try {
    return librariesOf(executable);
  } catch {
    return { linking: "none", found: [], missing: [] };
  }
}

/**
 * Copies an executable and its libraries into the context.
 *
 * @param destination  path in the container whose folder gets the executable; undefined: only the libraries, as the kernel keeps the
 *   host's file open and one more in the image would only confuse
 */
export function copyExecutable(talk: Talk, source: string, destination: string | undefined, context: string): void {
  if (destination === undefined) talk.say(`only copying support libraries for ${source}`);
  else copyInto(talk, source, context, dirname(destination));
  for (const { path, realPath } of librariesTold(talk, source).found) {
    copyInto(talk, realPath, context, dirname(path), basename(path));
  }
}
