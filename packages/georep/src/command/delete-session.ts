import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { AT_FDCWD, statx, utimensat, UTIME_OMIT } from "@belay/linux";
import { BelayError, hasCode } from "@belay/supervise";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { pathOf } from "./ends.ts";
import { ownKeyFile } from "./key.ts";
import { recordPath, type KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf } from "./session-files.ts";

/** What is removed besides the session's own files here. */
export interface DeleteOptions {
  /** `.belay-georep/<session>` at the destination: what is known about the copy, and conflicts that were set aside. */
  readonly purgeDestination?: boolean;
  /** The key that `belay georep key` made. */
  readonly key?: boolean;
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
    ...(options.purgeDestination === true ? [destinationState(known)] : []),
    known.folder,
  ];
  return paths.filter((path) => existsSync(path));
}

/**
 * Removes what a session has. The destination keeps its files.
 *
 * The record goes last: until then the session can be deleted again.
 *
 * @throws BelayError `EACTIVE` while its monitor runs
 */
export function deleteSession(places: GeorepPlaces, known: KnownSession, options: DeleteOptions = {}): void {
  refuseRunning(places, known);
  for (const path of pathsOf(places, known, options)) {
    if (path !== known.folder) rmSync(path, { recursive: true, force: true });
  }
  if (options.purgeDestination === true) removeStateFolder(known);
  for (const name of readdirSync(known.folder)) {
    const path = join(known.folder, name);
    if (path !== recordPath(known)) rmSync(path, { recursive: true, force: true });
  }
  rmSync(known.folder, { recursive: true, force: true });
}

/** @throws BelayError `EACTIVE` */
export function refuseRunning(places: GeorepPlaces, known: KnownSession): void {
  if (!isPidFileHeld(configOf(places, known).text("pid-file"))) return;
  throw new BelayError("EACTIVE", `the session ${known.name} is active`, {
    hint: `belay georep stop ${known.name}`,
  });
}

/** Where the receiving end keeps what it knows of this session. */
function destinationState({ destination, id }: KnownSession): string {
  if (destination.scheme === "ssh") {
    throw new BelayError("EREMOTE", "what the other side knows of the session is not reached from here", {
      hint: `remove it there: rm -r ${join(pathOf(destination), stateDirectoryName, id)}`,
    });
  }
  return join(pathOf(destination), stateDirectoryName, id);
}

// The folder of all sessions' state, when this was the last. Its root stays as old as the source's.
function removeStateFolder(known: KnownSession): void {
  const [path, root] = [dirname(destinationState(known)), pathOf(known.destination)];
  const { mtime } = statx(AT_FDCWD, root, 0);
  try {
    rmdirSync(path);
    utimensat(AT_FDCWD, root, UTIME_OMIT, mtime, 0);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY")) throw error;
  }
}
