import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Path of the program that a name stands for in PATH; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  const directories = (process.env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
