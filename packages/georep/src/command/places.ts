import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { placesOf, sessionsDirectory, type Places } from "../session/places.ts";
import { userRunDirectory, userStateDirectory } from "../session/user-places.ts";

/** Where `belay georep` keeps its sessions: the layout of glusterd, under places of its own. */
export interface GeorepPlaces extends Places {
  /** Scratch folders of sessions: journals and queues. */
  readonly scratchDirectory: string;
  readonly logDirectory: string;
  /** Key pairs made by `belay georep key`. */
  readonly keyDirectory: string;
}

/** Names one directory for state, run files and logs, instead of the places below. */
export const placesVariable = "BELAY_GEOREP_DIR";

/**
 * `/var/lib/belay/georep`, `/run/belay/georep` and `/var/log/belay/georep` for root; `$XDG_STATE_HOME/belay/georep` and
 * `$XDG_RUNTIME_DIR/belay/georep` for others. `$BELAY_GEOREP_DIR` has all of them under one directory.
 */
export function georepPlaces(env: NodeJS.ProcessEnv = process.env, uid = process.geteuid?.() ?? 0): GeorepPlaces {
  const { state, run, log } = roots(env, uid);
  const places = placesOf({ GLUSTERD_WORKDIR: state, DEFAULT_VAR_RUN_DIRECTORY: run });
  return { ...places, scratchDirectory: join(state, "work"), logDirectory: log, keyDirectory: join(state, "keys") };
}

function roots(env: NodeJS.ProcessEnv, uid: number): Record<"state" | "run" | "log", string> {
  const given = env[placesVariable];
  if (given !== undefined && given !== "") {
    // Absolute, as daemons work in another directory than the one they are started in.
    const state = resolve(given);
    return { state, run: join(state, "run"), log: join(state, "log") };
  }
  if (uid === 0) {
    return { state: "/var/lib/belay/georep", run: "/run/belay/georep", log: "/var/log/belay/georep" };
  }
  const state = join(userStateDirectory(env), "belay", "georep");
  const run = userRunDirectory(env) ?? join(tmpdir(), `belay-${uid}`);
  return { state, run: join(run, "belay", "georep"), log: join(state, "log") };
}

/** The variables that say where this caller's sessions are, as far as they are set: who is started elsewhere has to be told. */
export function placesEnvironment(
  env: NodeJS.ProcessEnv = process.env,
  uid = process.geteuid?.() ?? 0,
): Record<string, string> {
  const given = env[placesVariable];
  if (given !== undefined && given !== "") return { [placesVariable]: resolve(given) };
  const home = env["XDG_STATE_HOME"];
  return uid === 0 || home === undefined || !isAbsolute(home) ? {} : { XDG_STATE_HOME: home };
}

/** What the roles are told of the places: the variables that glusterd uses, added to an environment. */
export function roleEnvironment(places: GeorepPlaces, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, GLUSTERD_WORKDIR: places.workDirectory, DEFAULT_VAR_RUN_DIRECTORY: places.runDirectory };
}

/** What a session's configuration says of the places, so that whoever reads it finds the same. */
export function placeOptions(places: GeorepPlaces): Readonly<Record<string, string>> {
  return {
    "glusterd-workdir": places.workDirectory,
    "gluster-rundir": places.runDirectory,
    "gluster-logdir": places.logDirectory,
    "gsyncd-miscdir": places.scratchDirectory,
  };
}

/** Folder of all sessions. */
export function sessionsFolder(places: GeorepPlaces): string {
  return sessionsDirectory(places);
}
