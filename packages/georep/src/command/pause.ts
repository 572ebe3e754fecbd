import { BelayError } from "@belay/supervise";
import { readMonitorStatus, writeMonitorStatus } from "../status/monitor-status.ts";
import type { KnownSession } from "./known-session.ts";
import { findMonitor, type MonitorProcess } from "./monitor-process.ts";
import type { GeorepPlaces } from "./places.ts";
import { statePath } from "./session-files.ts";

/**
 * Holds a session: all of its processes stop where they are; its agent goes on watching.
 *
 * @throws BelayError `ENOTRUNNING`; `EPAUSED` when it is paused already, unless `force` is set
 */
export async function pauseSession(places: GeorepPlaces, known: KnownSession, force = false): Promise<void> {
  const monitor = requireMonitor(places, known);
  if (!force && readMonitorStatus(statePath(known)) === "Paused") {
    throw new BelayError("EPAUSED", `${known.name} is paused already`, { hint: `belay georep resume ${known.name}` });
  }
  monitor.signal("SIGSTOP");
  await writeMonitorStatus(statePath(known), "Paused");
}

/**
 * Lets a paused session go on.
 *
 * @throws BelayError `ENOTRUNNING`; `ENOTPAUSED`, unless `force` is set
 */
export async function resumeSession(places: GeorepPlaces, known: KnownSession, force = false): Promise<void> {
  const monitor = requireMonitor(places, known);
  if (!force && readMonitorStatus(statePath(known)) !== "Paused") {
    throw new BelayError("ENOTPAUSED", `${known.name} is not paused`, { hint: `belay georep status ${known.name}` });
  }
  await writeMonitorStatus(statePath(known), "Started");
  monitor.signal("SIGCONT");
}

function requireMonitor(places: GeorepPlaces, known: KnownSession): MonitorProcess {
  const monitor = findMonitor(places, known);
  if (monitor?.leads === true) return monitor;
  if (monitor === undefined) {
    throw new BelayError("ENOTRUNNING", `${known.name} is not running`, { hint: `belay georep start ${known.name}` });
  }
  throw new BelayError("EFOREGROUND", `${known.name} runs in the foreground, in the process group of others`, {
    hint: "stop it where it was started, or let systemd freeze its unit",
  });
}
