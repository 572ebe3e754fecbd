import { dirname, join } from "node:path";
import { Mistake } from "../errors/mistake.ts";
import type { ReadIncluded } from "./preprocess.ts";
import { readDockerfile } from "./text.ts";

/**
 * Looks for `NAME.docker` in the folders, in order.
 *
 * A stage name (`FROM qemu/NAME AS base`) or a tag behind the name is not part of the file's name. All Debian images for user-mode
 * emulation come from one Dockerfile.
 *
 * @throws Mistake when it is in none, or cannot be read
 */
export function includedFrom(folders: readonly string[]): ReadIncluded {
  return (line) => {
    const names = [...new Set([line, line.trim(), (line.trim().split(/\s/)[0] ?? "").replace(/:.*$/, "")])].map(
      fileName,
    );
    for (const path of folders.flatMap((folder) => names.map((name) => join(folder, `${name}.docker`)))) {
      try {
        return readDockerfile(path);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    const files = names.map((name) => `${name}.docker`).join(" or ");
    throw new Mistake("ENOENT", `FROM qemu/${line}: there is no ${files} in ${folders.join(" or ")}`);
  };
}

function fileName(image: string): string {
  return image.startsWith("debian") && image.endsWith("user") ? "debian-bootstrap" : image;
}

function isMissing(error: unknown): boolean {
  return error instanceof Mistake && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/**
 * Where included Dockerfiles are looked for: `dockerfiles/` beside the program, as the Python script has them, then the folder of the
 * Dockerfile itself.
 *
 * @param program path the program was called by
 */
export function includeFolders(program: string, dockerfile: string): string[] {
  return [join(dirname(program), "dockerfiles"), dirname(dockerfile)];
}
