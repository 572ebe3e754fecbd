import type { StoredBrickStatus } from "../status/brick-status.ts";
import type { ExtraStatus } from "../status/extra-status.ts";
import type { HeldProcesses } from "./held-processes.ts";

/** What a session is doing. `dead`: its monitor has gone without having been stopped. */
export type SessionState =
  "created" | "starting" | "comparing" | "active" | "waiting" | "paused" | "faulty" | "stopped" | "dead";

/** What a worker says of itself at its socket. */
export type LiveWorker = Required<Pick<ExtraStatus, "pid" | "startedAt">> & {
  readonly worker: NonNullable<ExtraStatus["worker"]>;
};

/** What a state is told by. */
export interface StateFacts {
  readonly monitor: string | undefined;
  readonly alive: boolean;
  readonly brick: StoredBrickStatus;
  readonly extra: ExtraStatus;
  readonly live: LiveWorker | undefined;
}

/** A state, and why it is that. */
export interface Shown {
  readonly state: SessionState;
  readonly why: string | undefined;
}

/** What a session does as its files and its worker tell, and why. */
export function stateOf({ monitor = "", alive, brick, extra, live }: StateFacts): Shown {
  if (!alive && (monitor === "Started" || monitor === "Paused")) {
    return { state: "dead", why: "its monitor has ended without being stopped" };
  }
  if (monitor === "Paused") return { state: "paused", why: undefined };
  if (monitor === "Stopped") return { state: "stopped", why: undefined };
  if (!alive) return { state: "created", why: undefined };
  if (live !== undefined) return workingState(live.worker);
  if (brick.worker_status === "Faulty" || brick.worker_status === "inconsistent") return faulty(extra);
  if (brick.worker_status !== "Active") return starting(extra);
  return workingState(extra.worker);
}

/** The same where somebody is held who cannot tell: what its files say is of the moment before. */
export function stateWith(held: HeldProcesses | undefined, said: Shown): Shown & { readonly isHeld: boolean } {
  const isWorking = said.state === "active" || said.state === "comparing" || said.state === "waiting";
  if (isWorking && held?.worker !== undefined)
    return { state: "waiting", why: `its worker (process ${held.worker}) is held`, isHeld: true };
  if (said.state === "active" && held?.agent !== undefined) {
    const why = `the process that watches the source (${held.agent}) is held: what changes waits for it`;
    return { state: "waiting", why, isHeld: true };
  }
  return { ...said, isHeld: false };
}

// No worker is connected.
const isDown = (state: string | undefined): boolean => state === "faulty" || state === "starting";

function faulty({ monitor }: ExtraStatus): Shown {
  return { state: "faulty", why: faultText(monitor) };
}

// The next one may end in the same way: until it is connected, why the last one did is what is known.
function starting({ monitor }: ExtraStatus): Shown {
  const fault = isDown(monitor?.state) ? faultText(monitor) : undefined;
  return { state: "starting", why: fault === undefined ? undefined : `again, as the last worker ended: ${fault}` };
}

function faultText(monitor: ExtraStatus["monitor"]): string | undefined {
  const text = [monitor?.reason, firstLine(monitor?.lastError)].filter((part) => part !== undefined).join(": ");
  return text === "" ? undefined : text;
}

/** An error that may be over. */
export interface LastError {
  readonly text: string;
  /** Milliseconds since 1970; undefined: it was noted by a version that did not say. */
  readonly at: number | undefined;
}

/**
 * The error that came last. What a worker said stays in the files when it has ended; where none is connected, why it ended came later.
 *
 * @param worker  what it said, just now or last
 */
export function lastErrorOf(
  state: SessionState,
  worker: ExtraStatus["worker"],
  monitor: ExtraStatus["monitor"],
): LastError | undefined {
  const told = isDown(state) ? [monitor, worker] : [worker, monitor];
  const [first, second] = told.flatMap((part) => toLastError(part) ?? []);
  const isSecond = first?.at !== undefined && second?.at !== undefined && second.at > first.at;
  return isSecond ? second : first;
}

function toLastError(part: ExtraStatus["worker"] | ExtraStatus["monitor"]): LastError | undefined {
  const text = firstLine(part?.lastError);
  return text === undefined ? undefined : { text, at: part?.lastErrorAt };
}

/** What may be done about why no worker works; undefined where one does, or nothing is known. */
export function hintOf({ state, why }: Shown, monitor: ExtraStatus["monitor"]): string | undefined {
  return isDown(state) && why !== undefined ? monitor?.hint : undefined;
}

// What follows is the stack of a mistake, and in the log.
function firstLine(text: string | undefined): string | undefined {
  return text?.split("\n", 1)[0];
}

function workingState(status: ExtraStatus["worker"]): Shown {
  if (status?.state === "waiting") return { state: "waiting", why: firstLine(status.lastError) };
  if (status?.state === "crawling") return { state: "comparing", why: undefined };
  return { state: status?.state === "starting" ? "starting" : "active", why: undefined };
}
