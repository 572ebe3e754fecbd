import { abortOnSignals } from "@belay/supervise";
import { findSession } from "../find-session.ts";
import type { KnownSession } from "../known-session.ts";
import { georepPlaces, type GeorepPlaces } from "../places.ts";
import { processTalk, type Talk } from "../talk.ts";

/** What every command of `belay georep` is given. */
export interface Context {
  readonly places: GeorepPlaces;
  readonly talk: Talk;
  readonly cwd: string;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
}

/**
 * Runs a command in this process's surroundings.
 *
 * @returns the exit code
 */
export async function inContext(
  { json = false }: CommonOptions,
  command: (context: Context) => number | Promise<number>,
): Promise<number> {
  using interrupted = abortOnSignals();
  return await command({
    places: georepPlaces(),
    talk: processTalk(json),
    cwd: process.cwd(),
    signal: interrupted.signal,
  });
}

/** The session that `SRC DST`, or a name, stands for. @throws as {@link findSession} */
export function sessionOf({ places, cwd }: Context, words: readonly (string | undefined)[]): KnownSession {
  return findSession(
    places,
    words.filter((word) => word !== undefined),
    cwd,
  );
}
