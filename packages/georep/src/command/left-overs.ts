import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@belay/supervise";
import { readMonitorStatus, writeMonitorStatus } from "../status/monitor-status.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { endAgentAt } from "../agent/end-agent-at.ts";
import { pathOf } from "./ends.ts";
import { listSessions } from "./find-session.ts";
import type { KnownSession } from "./known-session.ts";
import { recordPath } from "./known-session.ts";
import { sessionsFolder, type GeorepPlaces } from "./places.ts";
import { configOf, statePath } from "./session-files.ts";

/** Something that a replication which is no more has left. */
export interface GeorepLeftover {
  readonly kind: "georep-pid-file" | "georep-session" | "georep-scratch" | "georep-held";
  readonly text: string;
  readonly hint?: string;
  /** Puts it in order; undefined where only a person, or the next start, can. */
  readonly fix?: () => void | Promise<void>;
}

/** What died monitors, and sessions that were not created or not deleted to the end, have left. */
export function georepLeftovers(places: GeorepPlaces): GeorepLeftover[] {
  const sessions = listSessions(places);
  return [
    ...pidFiles(places),
    ...sessions.flatMap((known) => [...deadMonitor(places, known), ...heldFiles(places, known)]),
    ...halfSessions(places),
    ...scratchFolders(places, sessions),
  ];
}

function pidFiles({ runDirectory }: GeorepPlaces): GeorepLeftover[] {
  return list(runDirectory)
    .filter((name) => /^gsyncd-.*\.pid(\.tmp)?$/.test(name))
    .map((name) => join(runDirectory, name))
    .filter((path) => !isPidFileHeld(path))
    .map((path) => ({
      kind: "georep-pid-file",
      text: `${path} of a monitor that has ended`,
      fix: () => {
        if (!isPidFileHeld(path)) rmSync(path, { force: true });
      },
    }));
}

// It was not stopped, so it is to run: that is for a person, or for systemd, to decide.
function deadMonitor(places: GeorepPlaces, known: KnownSession): GeorepLeftover[] {
  const state = statePath(known);
  if (!["Started", "Paused"].includes(readMonitorStatus(state) ?? "")) return [];
  const pidFile = configOf(places, known).text("pid-file");
  if (isPidFileHeld(pidFile)) return [];
  return [
    {
      kind: "georep-session",
      text: `${known.name} was running when its monitor ended`,
      hint: `belay georep start ${known.name}`,
      fix: async () => {
        if (!isPidFileHeld(pidFile)) await writeMonitorStatus(state, "Stopped");
      },
    },
  ];
}

function heldFiles(places: GeorepPlaces, known: KnownSession): GeorepLeftover[] {
  if (known.destination.scheme !== "file" || isPidFileHeld(configOf(places, known).text("pid-file"))) return [];
  const path = join(pathOf(known.destination), stateDirectoryName, known.id, "held");
  const count = list(path).length;
  if (count === 0) return [];
  const hint = `belay georep start ${known.name}: its receiving end puts them in their places, or removes them`;
  return [{ kind: "georep-held", text: `${path} holds ${count} files of a batch that was cut off`, hint }];
}

/** Younger folders may be about to become sessions. */
const creationMs = 60_000;

function halfSessions(places: GeorepPlaces): GeorepLeftover[] {
  return list(sessionsFolder(places))
    .map((name) => join(sessionsFolder(places), name))
    .filter((folder) => existsSync(join(folder, "gsyncd.conf")) && !existsSync(recordPath({ folder })))
    .filter((folder) => Date.now() - statSync(folder).mtimeMs > creationMs)
    .map((folder) => ({
      kind: "georep-session",
      text: `${folder} of a session that was not created, or not deleted, to the end`,
      fix: () => {
        if (!existsSync(recordPath({ folder }))) rmSync(folder, { recursive: true, force: true });
      },
    }));
}

function scratchFolders(places: GeorepPlaces, sessions: readonly KnownSession[]): GeorepLeftover[] {
  const own = new Set(sessions.map((known) => configOf(places, known).text("working-dir").replace(/\/+$/, "")));
  return list(places.scratchDirectory)
    .map((name) => join(places.scratchDirectory, name))
    .filter((path) => !own.has(path))
    .map((path) => ({
      kind: "georep-scratch",
      text: `${path} of a session that is no more, and its agent if there is one`,
      fix: async () => {
        for (const name of list(path)) await endAgentAt(join(path, name));
        rmSync(path, { recursive: true, force: true });
      },
    }));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return [];
    throw error;
  }
}
