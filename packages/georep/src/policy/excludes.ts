import { parsePattern, type Pattern } from "./pattern.ts";

/** Tells of a path below the root (bytes, no leading slash) whether it is left out. */
export type Excludes = (path: Buffer, isDirectory: boolean) => boolean;

/** Leaves nothing out; the very function, so that whoever has it need not find out paths. */
export const excludesNothing: Excludes = () => false;

/**
 * Makes the rule from patterns separated by blanks (a blank in a pattern is written `\ `). The last pattern that matches decides; what lies in a
 * directory that is left out is left out, too.
 *
 * @throws BelayError `EVALUE`
 */
export function parseExcludes(text: string): Excludes {
  const patterns = cutAtBlanks(text).map(parsePattern);
  if (patterns.length === 0) return excludesNothing;
  let [lastDirectory, lastVerdict] = ["", false];
  const excludesDirectory = (path: string): boolean => {
    if (path === lastDirectory) return lastVerdict;
    lastVerdict = excludes(path, true);
    lastDirectory = path;
    return lastVerdict;
  };
  const excludes = (path: string, isDirectory: boolean): boolean => {
    const slash = path.lastIndexOf("/");
    if (slash > 0 && excludesDirectory(path.slice(0, slash))) return true;
    return isLeftOut(patterns, path, isDirectory);
  };
  return (path, isDirectory) => path.length > 0 && excludes(path.toString("latin1"), isDirectory);
}

function isLeftOut(patterns: readonly Pattern[], path: string, isDirectory: boolean): boolean {
  const last = patterns.findLast(({ directoriesOnly, matches }) => (isDirectory || !directoriesOnly) && matches(path));
  return last !== undefined && !last.takes;
}

function cutAtBlanks(text: string): string[] {
  return text.match(/(?:\\.|[^\s\\]|\\$)+/gs) ?? [];
}
