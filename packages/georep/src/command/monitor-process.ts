import { groupMembers, processIdentity, sendSignal, type ProcessIdentity } from "@belay/supervise";
import { pidFileOwner } from "../status/pid-lock-state.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf } from "./session-files.ts";

/** A monitor that lives, and what lives with it. */
export interface MonitorProcess {
  readonly identity: ProcessIdentity;
  /** Whether it leads a process group of its own; one in the foreground may not. */
  readonly leads: boolean;
  /** The monitor and, where it leads a group, everybody in it. */
  members(): ProcessIdentity[];
  /** Sends a signal to all of them. */
  signal(name: NodeJS.Signals): void;
}

/** The monitor that holds a session's pid file; undefined when nobody does. */
export function findMonitor(places: GeorepPlaces, known: KnownSession): MonitorProcess | undefined {
  const pid = pidFileOwner(configOf(places, known).text("pid-file"));
  const identity = pid === undefined ? undefined : processIdentity(pid);
  if (identity === undefined) return undefined;
  const leads = groupMembers(identity.pid).some((member) => member.pid === identity.pid);
  return {
    identity,
    leads,
    members: () => (leads ? groupMembers(identity.pid) : livingOf(identity)),
    signal: (name) => void sendSignal(leads ? -identity.pid : identity.pid, name),
  };
}

function livingOf(identity: ProcessIdentity): ProcessIdentity[] {
  return processIdentity(identity.pid)?.startTime === identity.startTime ? [identity] : [];
}
