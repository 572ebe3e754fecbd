import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BelayError, toError } from "@belay/supervise";

/** What keeps a directory from being a source; empty when nothing does. */
export function checkSource(path: string): BelayError[] {
  try {
    if (!statSync(path).isDirectory())
      return [problem(`${path} is no directory`, "give the directory that is to be replicated")];
    accessSync(path, constants.R_OK | constants.X_OK);
    return [];
  } catch (error) {
    return [problem(`the source cannot be read: ${toError(error).message}`, "check the path, or who may read it")];
  }
}

/** What keeps two directories of this machine from being replicated: one lies in the other. */
export function checkNested(source: string, destination: string): BelayError[] {
  const [from, to] = [realPath(source), realPath(destination)];
  if (from === to) {
    return [new BelayError("ENESTED", `${source} and ${destination} are the same directory`, { hint: nestedHint })];
  }
  if (!isInside(from, to) && !isInside(to, from)) return [];
  return [new BelayError("ENESTED", `${source} and ${destination}: one lies in the other`, { hint: nestedHint })];
}

const nestedHint = "replicate between separate directories";

/** Whether a path is another, or lies in it. */
export function isInside(path: string, other: string): boolean {
  return `${path}/`.startsWith(other === "/" ? "/" : `${other}/`);
}

/** Where a path leads, links followed as far as it exists. */
export function realPath(path: string): string {
  if (path === "/" || existsSync(path)) return realpathSync(path);
  return join(realPath(dirname(path)), basename(path));
}

function problem(message: string, hint: string): BelayError {
  return new BelayError("ESOURCE", message, { hint });
}
