import { rmSync } from "node:fs";
import { endProcesses } from "@belay/supervise";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { readMonitorStatus, writeMonitorStatus } from "../status/monitor-status.ts";
import { endAgent } from "./end-agent.ts";
import type { KnownSession } from "./known-session.ts";
import { findMonitor } from "./monitor-process.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf, statePath } from "./session-files.ts";
import { lockSession } from "./session-lock.ts";

/** How a session is stopped. */
export interface StopOptions {
  /** Time to end in order before SIGKILL, in milliseconds. Default 10,000. */
  readonly graceMs?: number;
  /** The agent ends too, also where `keep-journal` would let it go on. */
  readonly journal?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ends a session's monitor and all of its group; what a killed one left behind is put in order.
 *
 * @returns false when nothing was running
 * @throws BelayError `ESTUCK` when even SIGKILL does not end them
 */
export async function stopSession(
  places: GeorepPlaces,
  known: KnownSession,
  options: StopOptions = {},
): Promise<boolean> {
  using _lock = await lockSession(known, options.signal);
  return await stopLocked(places, known, options);
}

/** As {@link stopSession}, for a caller that has the session's lock. */
export async function stopLocked(
  places: GeorepPlaces,
  known: KnownSession,
  { graceMs = 10_000, journal = false, signal }: StopOptions = {},
): Promise<boolean> {
  const monitor = findMonitor(places, known);
  if (monitor !== undefined) {
    await endProcesses(() => monitor.members(), { timeoutMs: 2 * graceMs, signalAll: (name) => monitor.signal(name) });
  }
  const pidFile = configOf(places, known).text("pid-file");
  if (!isPidFileHeld(pidFile)) rmSync(pidFile, { force: true });
  const state = statePath(known);
  if (["Started", "Paused"].includes(readMonitorStatus(state) ?? "")) await writeMonitorStatus(state, "Stopped");
  if (journal) await endAgent(places, known, signal);
  return monitor !== undefined;
}
