import { readdirSync, readFileSync } from "node:fs";
import { hasCode } from "../errors/belay-error.ts";
import { bootId, isAlive, readStat, type ProcessIdentity } from "./identity.ts";

/** Environment variable by which a process that was started for a ledger entry is known, its descendants too. */
export const ownerTokenVariable = "BELAY_LEDGER_TOKEN";

/** Ids of all processes, as far as /proc shows them. */
export function listPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The living members of a process group, the calling process not among them. */
export function groupMembers(pgid: number): ProcessIdentity[] {
  return identitiesWhere((pid) => readStat(pid)?.pgid === pgid);
}

/** The living processes that carry the token in the environment they were started with, of those we may look at. */
export function tokenBearers(token: string): ProcessIdentity[] {
  const wanted = `${ownerTokenVariable}=${token}`;
  return identitiesWhere((pid) => readEnvironment(pid).includes(wanted));
}

/** Tells whether this process was started for the entry with this token, or descends from one that was. */
export function bearsToken(pid: number, token: string): boolean {
  return readEnvironment(pid).includes(`${ownerTokenVariable}=${token}`);
}

/** Sends a signal to a process or, with a negative id, to a group. @returns false when there is none any more */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    throw error;
  }
}

function identitiesWhere(matches: (pid: number) => boolean): ProcessIdentity[] {
  return listPids()
    .filter((pid) => pid !== process.pid && matches(pid))
    .map((pid) => ({ pid, startTime: readStat(pid)?.startTime ?? "", bootId: bootId() }))
    .filter(isAlive);
}

function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM", "ENOENT", "ESRCH")) return [];
    throw error;
  }
}
