import { join } from "node:path";
import { loadConfig } from "../config/load-config.ts";
import type { Config } from "../config/config.ts";
import { upgradeConfigFile } from "../config/upgrade-file.ts";
import { workingPath } from "../session/working-path.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";

/** State of a session: one word. */
export function statePath({ folder }: Pick<KnownSession, "folder">): string {
  return join(folder, "monitor.status");
}

/** The configuration of a session as it is in force. */
export function configOf(places: GeorepPlaces, { session, configFile, source }: KnownSession): Config {
  return loadConfig({ places, session, file: configFile, facts: { local_path: source.path } });
}

/** Makes sure that a session's file is in today's format. */
export function upgradeConfig({ configFile, session }: KnownSession): Promise<unknown> {
  return upgradeConfigFile(configFile, session);
}

/** Where a session keeps journal, queue and sockets of its source. */
export function workingFolder(places: GeorepPlaces, known: KnownSession): string {
  return workingPath(configOf(places, known).text("working-dir"), known.source.path);
}
