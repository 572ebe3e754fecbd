import { statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { BelayError } from "@belay/supervise";
import type { KnownSession } from "./known-session.ts";
import { printable } from "./table.ts";

/**
 * A directory of a session's source as it is typed after `--path`: from the source's root, or with its whole path.
 *
 * @returns relative to the source; empty: all of it
 * @throws BelayError `EUSAGE` for what lies outside, `ENOENT` for what is no directory
 */
export function directoryOfSource({ source }: Pick<KnownSession, "source">, given: string): string {
  const path = given.startsWith("/") ? relative(source.path, normalize(given)) : normalize(given);
  if (path === ".." || path.startsWith("../")) {
    throw new BelayError("EUSAGE", `${printable(given)} is not in ${source.path}`, {
      hint: "--path is a directory below the source",
    });
  }
  const found = statSync(join(source.path, path), { throwIfNoEntry: false });
  if (found === undefined) {
    throw new BelayError("ENOENT", `there is no ${printable(given)} in ${source.path}`, {
      hint: "of what is gone, name the directory it was in",
    });
  }
  if (found.isDirectory()) return path.replace(/\/+$/, "").replace(/^\.$/, "");
  throw new BelayError("ENOTDIR", `${printable(given)} is no directory`, {
    hint: `name the one it is in: --path ${printable(dirname(path))}`,
  });
}
