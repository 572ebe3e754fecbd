import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BelayError } from "@belay/supervise";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { ownKeyFile } from "./key.ts";
import { recordPath, type KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf } from "./session-files.ts";
import { lockPath } from "./session-lock.ts";

/** What is removed besides the session's own files here. */
export interface DeleteOptions {
  /** The key that `belay georep key` made. */
  readonly key?: boolean;
}

/** What deleting a session removes, each a path. */
export function pathsOf(places: GeorepPlaces, known: KnownSession, options: Pick<DeleteOptions, "key"> = {}): string[] {
  const config = configOf(places, known);
  const pidFile = config.text("pid-file");
  const key = ownKeyFile(places, known);
  const paths = [
    config.text("working-dir").replace(/\/+$/, ""),
    pidFile,
    `${pidFile}.tmp`,
    ...(options.key === true ? [key, `${key}.pub`] : []),
    known.folder,
  ];
  return paths.filter((path) => existsSync(path));
}

/**
 * Removes what a session has here. The destination keeps its files, and what it knows of the session.
 *
 * Of what is in its folder the record goes last: until then the session can be deleted again. Only the lock stays until there is none, as whoever
 * waits for it would take a new one, and the session for one that is there.
 *
 * @throws BelayError `EACTIVE` while its monitor runs
 */
export function deleteSession(places: GeorepPlaces, known: KnownSession, options: DeleteOptions = {}): void {
  refuseRunning(places, known);
  for (const path of pathsOf(places, known, options)) {
    if (path !== known.folder) rmSync(path, { recursive: true, force: true });
  }
  for (const name of readdirSync(known.folder)) {
    const path = join(known.folder, name);
    if (path !== recordPath(known) && path !== lockPath(known)) rmSync(path, { recursive: true, force: true });
  }
  rmSync(recordPath(known), { force: true });
  rmSync(known.folder, { recursive: true, force: true });
}

/** @throws BelayError `EACTIVE` */
export function refuseRunning(places: GeorepPlaces, known: KnownSession): void {
  if (!isPidFileHeld(configOf(places, known).text("pid-file"))) return;
  throw new BelayError("EACTIVE", `the session ${known.name} is active`, {
    hint: `belay georep stop ${known.name}`,
  });
}
