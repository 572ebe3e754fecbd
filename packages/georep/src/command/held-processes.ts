import { readStat } from "@belay/supervise";
import { agentPlaces } from "../agent/agent-places.ts";
import { pidFileOwner } from "../status/pid-lock-state.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf, workingFolder } from "./session-files.ts";

/** Processes of a session that somebody holds (SIGSTOP, a debugger). They do nothing, and cannot say so themselves. */
export interface HeldProcesses {
  readonly monitor: number | undefined;
  readonly worker: number | undefined;
  readonly agent: number | undefined;
}

/** @param worker  its process, as far as it is known */
export function heldProcesses(places: GeorepPlaces, known: KnownSession, worker: number | undefined): HeldProcesses {
  const { pidFile } = agentPlaces(workingFolder(places, known));
  return {
    monitor: heldOwner(configOf(places, known).text("pid-file")),
    worker: worker !== undefined && isHeld(worker) ? worker : undefined,
    agent: heldOwner(pidFile),
  };
}

function heldOwner(pidFile: string): number | undefined {
  const pid = pidFileOwner(pidFile);
  return pid !== undefined && isHeld(pid) ? pid : undefined;
}

/** Tells whether a process is stopped; one that is gone is not. */
export function isHeld(pid: number): boolean {
  return readStat(pid)?.state.toUpperCase() === "T";
}
