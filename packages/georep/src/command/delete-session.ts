import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BelayError } from "@belay/supervise";
import { sessionFolder } from "../session/session.ts";
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
  /** Its logs. */
  readonly logs?: boolean;
}

/** Folder of a session's logs here; undefined: there is none. A receiving end over ssh has its own on its machine. */
export function logFolderOf(places: GeorepPlaces, known: KnownSession): string | undefined {
  const folder = dirname(configOf(places, known).text("log-file"));
  // Whatever a configuration says, nothing is removed that is not named like the session.
  return basename(folder) === sessionFolder(known.session) && existsSync(folder) ? folder : undefined;
}

/** What deleting a session removes, each a path. */
export function pathsOf(places: GeorepPlaces, known: KnownSession, options: DeleteOptions = {}): string[] {
  const config = configOf(places, known);
  const pidFile = config.text("pid-file");
  const key = ownKeyFile(places, known);
  const paths = [
    config.text("working-dir").replace(/\/+$/, ""),
    pidFile,
    `${pidFile}.tmp`,
    ...(options.key === true ? [key, `${key}.pub`] : []),
    ...(options.logs === true ? [logFolderOf(places, known) ?? []].flat() : []),
    known.folder,
  ];
  return paths.filter((path) => existsSync(path));
}

/**
 * Removes what a session has here; its logs tell what became of it, and stay unless they are to go too. The destination keeps its files, and what it knows of
 * the session.
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
