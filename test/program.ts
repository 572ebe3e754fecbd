import { join, resolve } from "node:path";

type Name = "belay" | "gsyncd";

/** One of our programs from the sources, with the runtime npm brought. */
export const fromSources = (name: Name): string => join(import.meta.dirname, "..", "bin", name);

/**
 * One of our programs, as tests call it: the executable in `BELAY_TEST_BIN`, where `make test` has just built it and which starts in a fifth
 * of the time, or else from the sources.
 */
export function program(name: Name): string {
  const built = process.env["BELAY_TEST_BIN"];
  return built === undefined ? fromSources(name) : resolve(built, name);
}
